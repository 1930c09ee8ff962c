"""The neural voice: an English network that is told lengths, tones and sounds of other languages."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import soxr

from deployments.tts.embedded.engine import EmbeddedSynthesizer
from deployments.tts.embedded.neural.reader import read
from deployments.tts.embedded.neural.syllables import BLENDS, Syllable
from deployments.tts.embedded.neural.voice import SAMPLE_RATE, Manner, neural_voice
from deployments.tts.embedded.voice_matching import Measured, measure
from deployments.tts.embedded.voices import SAMPLES
from serve_app.engines import SAMPLE_RATE as HEARD_RATE
from serve_app.engines import Audio, SpeechRequest

ENGINE = EmbeddedSynthesizer()


def said(*syllables: Syllable, manner: Manner = Manner()) -> Audio:
    return neural_voice().say([list(syllables), "."], manner, 0)


def heard(samples: Audio) -> Measured:
    return measure(np.asarray(soxr.resample(samples, SAMPLE_RATE, HEARD_RATE), np.float32))


def spoken(text: str, language: str, **fields: Any) -> Audio:
    request = replace(SpeechRequest(text, language, "omnivoice", 0), **fields)
    return ENGINE.synthesize(request, lambda progress: None).samples


def test_a_vowel_lasts_as_long_as_it_is_told() -> None:
    """TTS-003: 25 ms a frame, which tells Thai and Japanese words apart."""
    short, long = (said(Syllable("m", "ɑ", length=length)) for length in (4, 24))
    assert len(long) - len(short) == 20 * 0.025 * SAMPLE_RATE


@pytest.mark.parametrize(("tone", "rises"), [((-4.0, 4.0), True), ((4.0, -4.0), False)])
def test_tones_are_heard(tone: tuple[float, float], rises: bool) -> None:
    """TTS-003: the pitch of a syllable goes where its tone says."""
    samples = np.trim_zeros(said(*[Syllable("m", "ɑ", length=40, tone=tone)]))
    loud = np.flatnonzero(np.abs(samples) > 0.1 * np.abs(samples).max())
    first, second = np.array_split(samples[loud[0] : loud[-1]], 2)
    assert (heard(second).pitch > 1.1 * heard(first).pitch) is rises


def test_pitch_and_tract_make_another_speaker() -> None:
    """TTS-014: lower, and duller, as a man is."""
    woman, man = (heard(said(*[Syllable("m", "ɑ", length=20)] * 3, manner=manner)) for manner in
                  (Manner(), Manner(hertz=110, tract=1.15)))  # fmt: skip
    assert man.pitch < 0.7 * woman.pitch


def test_every_blend_is_a_share_of_sounds_that_english_has() -> None:
    """TTS-003: shares add up, and no blend is made of blends."""
    for shares in BLENDS.values():
        assert sum(shares.values()) == pytest.approx(1)
        assert not set(shares) & set(BLENDS)


def test_a_blend_is_another_sound_than_its_parts() -> None:
    """TTS-003: the rows of the network that it replaces are really used."""
    blended, first, second = (said(Syllable("m", vowel, length=12)) for vowel in "yiu")
    assert not np.array_equal(blended, first)
    assert not np.array_equal(blended, second)


@pytest.mark.parametrize("language", SAMPLES)
def test_every_language_is_read_to_sounds_that_the_voice_has(language: str) -> None:
    """TTS-003: no symbol is dropped on its way."""
    known = set(neural_voice()._numbers)
    for utterance in read(SAMPLES[language], language):
        for word in utterance:
            spelled = word if isinstance(word, str) else "".join("".join(map(str, each[:3])) for each in word)
            assert set(spelled) <= known
    assert len(spoken(SAMPLES[language], language)) > 1.5 * SAMPLE_RATE


def test_the_same_seed_gives_the_same_audio_and_another_not() -> None:
    """TTS-010."""
    first, other = spoken("Selamat pagi", "ms"), spoken("Selamat pagi", "ms", seed=1)
    np.testing.assert_array_equal(first, spoken("Selamat pagi", "ms"))
    assert not np.array_equal(first, other)


def test_without_the_package_all_is_formant_synthesis(monkeypatch: pytest.MonkeyPatch) -> None:
    """ASR-002: and the card says so."""
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "deployments.tts.embedded.engine.find_spec", lambda name: None if name == "hibari" else find(name)
    )
    engine = EmbeddedSynthesizer()
    assert engine.card.impl == "kaleido-embedded-espeak"
    speech = engine.synthesize(SpeechRequest("Good morning", "en", "f5", 0), lambda progress: None)
    assert speech.extras["voice"].startswith("espeak-ng")


def test_whispering_is_left_to_formant_synthesis() -> None:
    """TTS-015: the neural voice cannot whisper."""
    request = SpeechRequest("Good morning", "en", "omnivoice", 0, instruct="whisper")
    assert ENGINE.synthesize(request, lambda progress: None).extras["voice"] == "espeak-ng whisper"
