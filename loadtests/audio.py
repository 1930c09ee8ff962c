"""What the load tests say: Thai sentences in embedded voices, optionally with noise; always the same bytes.

The recogniser never heard these two voices in training (deployments/thai_speech/MODEL_CARD.md).
"""

from __future__ import annotations

import hashlib
import io
import wave
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from loadtests.onset import decided_ms
from loadtests.recording import BYTES_PER_MS, SAMPLE_RATE, Utterance

VOICES = ("malee", "somchai")
SENTENCES = (
    "สวัสดีครับ วันนี้เราจะเรียนภาษาไทย",
    "เด็กนักเรียนอ่านหนังสือในห้องสมุด",
    "คุณครูสอนวิชาคณิตศาสตร์ทุกวันจันทร์",
    "เมื่อวานนี้ฝนตกหนักมากที่กรุงเทพ",
    "แม่ไปตลาดซื้อผลไม้และผักสด",
    "พรุ่งนี้เช้าเราจะไปเที่ยวทะเลด้วยกัน",
    "ขอบคุณมากค่ะ แล้วพบกันใหม่สัปดาห์หน้า",
    "น้องชายของฉันชอบเล่นฟุตบอลกับเพื่อน",
)
LEAD_MS = 300
"""Silence before the voice: nobody speaks in the very millisecond in which the microphone opens."""
TAIL_MS = 200
"""Silence after it: a person needs about this long to let go of the button."""


def corpus(folder: Path, count: int, *, snr_db: float | None = None) -> list[Utterance]:
    """`count` utterances, sentences and voices taking turns; `snr_db` adds white noise at this ratio.

    Cached as WAV files in `folder`. Raises EngineNotInstalled without the extra `embedded`.
    """
    return [utterance(folder, *turn(index), snr_db=snr_db) for index in range(count)]


def turn(index: int) -> tuple[str, str]:
    """Which sentence in which voice; after a round of sentences the voices swap."""
    swaps, sentence = divmod(index, len(SENTENCES))
    return SENTENCES[sentence], VOICES[(sentence + swaps) % len(VOICES)]


def utterance(folder: Path, text: str, voice: str, *, snr_db: float | None = None) -> Utterance:
    """One sentence in one voice, from the cache or spoken now."""
    path = wav_path(folder, text, voice, snr_db)
    if not path.exists():
        _save(path, _speak(text, voice, snr_db))
    with wave.open(str(path)) as wav:
        pcm = wav.readframes(wav.getnframes())
    return Utterance(voice, text, pcm, decided_ms(pcm))


def wav_path(folder: Path, text: str, voice: str, snr_db: float | None = None) -> Path:
    """Where an utterance is cached: everything that shapes the sound is in the name."""
    shape = f"{text}|{LEAD_MS}|{TAIL_MS}"
    noise = "" if snr_db is None else f"-{snr_db:g}dB"
    return folder / f"{voice}{noise}-{hashlib.sha256(shape.encode()).hexdigest()[:12]}.wav"


def silence(ms: int) -> bytes:
    """PCM16 without a sound."""
    return bytes(ms * BYTES_PER_MS)


def with_noise(samples: NDArray[np.float32], snr_db: float, seed: int) -> NDArray[np.float32]:
    """White noise `snr_db` below the mean power of the speech."""
    power = float(np.mean(np.square(samples))) / 10 ** (snr_db / 10)
    noise = np.random.default_rng(seed).normal(0.0, np.sqrt(power), samples.shape)
    return (samples + noise).astype(np.float32)


def _speak(text: str, voice: str, snr_db: float | None) -> bytes:
    # Imported late: without the optional extra everything but the making of audio still works.
    from deployments.tts.embedded import formant

    speech = formant.synthesize(text, language="th", voice=voice)
    samples = soxr.resample(speech.samples, speech.sample_rate, SAMPLE_RATE)
    lead, tail = (np.zeros(ms * SAMPLE_RATE // 1000, np.float32) for ms in (LEAD_MS, TAIL_MS))
    padded = np.concatenate([lead, samples, tail])
    if snr_db is not None:
        padded = with_noise(padded, snr_db, seed=len(text))
    return bytes((np.clip(padded, -1, 1) * 32767).astype("<i2").tobytes())


def as_wav(pcm: bytes) -> bytes:
    """PCM16 mono at 16 kHz as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(SAMPLE_RATE)
        wav.writeframes(pcm)
    return file.getvalue()


def _save(path: Path, pcm: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(as_wav(pcm))
