"""Voices that are like a recording."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from deployments.tts.embedded import formant
from deployments.tts.embedded.engine import EmbeddedSynthesizer
from deployments.tts.embedded.voice_matching import Measured, match, measure, syllables
from deployments.tts.embedded.voices import SAMPLES, FormantVoice
from deployments.tts.reference import audible
from serve_app.engines import SAMPLE_RATE, Audio, Reference, Speech, SpeechRequest
from serve_app.errors import InvalidRequest

RATE = 24_000


def recording(voice: FormantVoice, language: str = "ms") -> Reference:
    speech = formant.speak(formant.read(SAMPLES[language], language), voice)
    return Reference(speech.samples, speech.sample_rate)


def heard(speech: Speech | Reference) -> Measured:
    return measure(audible(Reference(speech.samples, speech.sample_rate), SAMPLE_RATE, "speech"))


def harmonics(hertz: float, seconds: float = 1.0) -> Audio:
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tones = sum(np.sin(2 * np.pi * hertz * n * time) / n for n in range(1, 12))
    return np.asarray(0.1 * tones, np.float32)


@pytest.mark.parametrize("hertz", [75.0, 110.0, 220.0, 400.0])
def test_the_pitch_is_right_to_a_semitone(hertz: float) -> None:
    """TTS-016: and never an octave off."""
    assert measure(harmonics(hertz)).pitch == pytest.approx(hertz, rel=0.03)


def test_syllables_are_counted_by_loudness() -> None:
    """TTS-016: five bursts of voice in two seconds."""
    swell = np.clip(np.sin(2 * np.pi * 2.5 * np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE - 1.57), -0.9, 1) + 1
    found = measure((harmonics(150, 2) * swell).astype(np.float32))
    assert found.nuclei * found.seconds == pytest.approx(5, abs=1)


@pytest.mark.parametrize("language", ["th", "vi", "en"])
@pytest.mark.parametrize("voice", [FormantVoice("gustave", 60), FormantVoice("Andrea", 30, 120)])
def test_pitch_and_rate_follow_the_reference(voice: FormantVoice, language: str) -> None:
    """TTS-016: within two semitones and a quarter, whoever speaks and in whatever language."""
    reference = recording(voice)
    wanted = heard(reference)
    request = SpeechRequest(SAMPLES[language], language, "omnivoice", 0, reference=reference)
    spoken = EmbeddedSynthesizer().synthesize(request, lambda progress: None)
    assert heard(spoken).pitch == pytest.approx(wanted.pitch, rel=0.12)
    assert heard(spoken).nuclei == pytest.approx(wanted.nuclei, rel=0.25)


def test_a_transcript_gives_the_rate() -> None:
    """TTS-017: twice as much said in the same time is faster speech."""
    reference = recording(FormantVoice("gustave", 60))
    once = match(replace(reference, transcript=SAMPLES["ms"]), "en")
    twice = match(replace(reference, transcript=SAMPLES["ms"] * 2), "en")
    assert twice.rate > 1.3 * once.rate


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("สวัสดีครับ", 4), ("ສະບາຍດີ", 3), ("Xin chào các bạn", 4), ("안녕하세요", 5),
        ("你好世界", 4), ("はなす", 3), ("", 0),
    ],
)  # fmt: skip
def test_counts_the_syllables_of_a_text(text: str, count: int) -> None:
    """TTS-017: in all scripts; nothing for a transcript that is not there."""
    assert syllables(text) == count


def test_one_reference_has_one_voice() -> None:
    """TTS-019: chunks of a text are spoken alike, and the caller is told what a clone is here."""
    engine, reference = EmbeddedSynthesizer(), recording(FormantVoice("pablo", 40))
    request = SpeechRequest("Selamat pagi", "ms", "omnivoice", 7, reference=reference)
    first, again = (engine.synthesize(request, lambda progress: None) for _ in range(2))
    np.testing.assert_array_equal(first.samples, again.samples)
    assert first.extras["cloning"] == "approximated: pitch and rate of the reference"
    other = engine.synthesize(replace(request, text="Apa khabar"), lambda progress: None)
    assert other.extras["voice"] == first.extras["voice"]


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(2 * RATE, np.float32),
        np.zeros(0, np.float32),
        harmonics(150, 0.3),
        np.random.default_rng(0).normal(0, 0.1, 2 * RATE).astype(np.float32),
    ],
    ids=["silence", "nothing", "a moment", "noise"],
)
def test_a_reference_without_a_voice_is_refused(samples: Audio) -> None:
    """TTS-021: silence, noise and what is too short."""
    with pytest.raises(InvalidRequest, match="reference"):
        match(Reference(samples, RATE), "th")
