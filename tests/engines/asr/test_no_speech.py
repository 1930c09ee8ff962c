"""The real voice detector over whole recordings: GT-15."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from deployments.tts.embedded import formant
from deployments.vad.silero import SileroDetector
from serve_app.core.audio.pcm import Pcm16
from serve_app.engines import SAMPLE_RATE
from serve_app.flows.transcription.voice_activity import VoiceActivity, voice_activity

Wave = NDArray[np.float64]
TIME = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
VOICES = ("malee", "somchai", "linda")


def noise(dbfs: float, length: int = len(TIME)) -> Wave:
    return np.random.default_rng(15).normal(0, 10 ** (dbfs / 20), length)


@cache
def sentence(voice: str) -> Wave:
    """At a root mean square of -20 dBFS."""
    speech = formant.synthesize("สวัสดีครับ วันนี้เราจะเรียนภาษาไทย", voice=voice)
    wave = soxr.resample(speech.samples.astype(np.float64), speech.sample_rate, SAMPLE_RATE)
    return np.asarray(wave / np.sqrt((wave**2).mean()) * 0.1)


def at_level(dbfs: float) -> Callable[[str], Wave]:
    return lambda voice: sentence(voice) * 10 ** ((dbfs + 20) / 20)


def in_noise(snr_db: float) -> Callable[[str], Wave]:
    return lambda voice: sentence(voice) + noise(-20 - snr_db, len(sentence(voice)))


def half_a_second(voice: str) -> Wave:
    """In the middle of 5.5 s."""
    pause = np.zeros(int(2.5 * SAMPLE_RATE))
    return np.concatenate([pause, sentence(voice)[SAMPLE_RATE // 3 :][: SAMPLE_RATE // 2], pause])


async def activity(wave: Wave) -> VoiceActivity:
    samples: Pcm16 = (np.clip(wave, -1, 0.9999) * 32768).round().astype(np.int16)
    return await voice_activity(samples, SileroDetector())


@pytest.mark.parametrize(
    ("wave", "silent"),
    [
        pytest.param(0 * TIME, True, id="digital silence"),
        pytest.param(noise(-40), False, id="white noise at -40 dBFS"),
        pytest.param(noise(-20), False, id="white noise at -20 dBFS"),
        pytest.param(0.3 * np.sin(100 * np.pi * TIME), False, id="50 Hz hum"),
        pytest.param(0.3 * np.sin(880 * np.pi * TIME), False, id="440 Hz tone"),
        pytest.param(np.where(np.arange(len(TIME)) % 8000 == 0, 0.9, 0.0), False, id="clicks"),
    ],
)
async def test_sounds_without_voice_are_no_speech(wave: Wave, silent: bool) -> None:
    """GT-15, RS-082: most of them are no silence."""
    found = await activity(wave)
    assert found.silent is silent
    assert found.no_speech(words=0)
    assert (found.regions, found.voiced_seconds) == ((), 0.0)


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize(
    ("wave", "seconds"),
    [
        pytest.param(at_level(-20), 2.8, id="-20 dBFS"),
        pytest.param(at_level(-45), 2.8, id="-45 dBFS"),
        pytest.param(at_level(-60), 2.8, id="-60 dBFS"),
        pytest.param(in_noise(20), 2.8, id="SNR 20 dB"),
        pytest.param(in_noise(10), 2.8, id="SNR 10 dB"),
        pytest.param(in_noise(5), 2.8, id="SNR 5 dB"),
        pytest.param(in_noise(0), 2.8, id="SNR 0 dB"),
        pytest.param(half_a_second, 0.3, id="0.5 s in 5.5 s"),
    ],
)
async def test_speech_is_never_no_speech(wave: Callable[[str], Wave], seconds: float, voice: str) -> None:
    """GT-15, RS-081: however faint or noisy, whatever the transcript; most of what is said is found."""
    found = await activity(wave(voice))
    assert not found.no_speech(words=0)
    assert found.voiced_seconds >= seconds
