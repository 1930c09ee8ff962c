"""Pupils who read aloud with known mistakes: words missed, swapped and added, and second attempts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soxr

from loadtests.audio import SAMPLE_RATE, with_noise
from serve_app.core.reading.attempt import best_attempt
from serve_app.core.reading.tokens import tokens_of
from serve_app.core.reading.word_alignment import Status, align
from serve_app.engines import Audio

MISSING, SWAPPED, ADDED = 0.10, 0.10, 0.05
"""How often a word is left out, replaced by another, or followed by one that is not there."""
AGAIN = 0.25
"""How often a pupil reads twice: with mistakes, and once without."""
LEAD_S, TAIL_S, BETWEEN_S = 0.3, 0.5, 0.8


@dataclass(frozen=True, slots=True)
class Miscue:
    """One mistake, as the score is to report it."""

    kind: str
    """`missing`, `substitution` or `extra`."""
    word: str
    """Of the reference, or the one added."""


@dataclass(frozen=True, slots=True)
class PupilReading:
    """One recording and what is true of it."""

    reference: str
    audio: Audio
    """16 kHz."""
    miscues: Sequence[Miscue]
    """Of the best attempt."""
    correct: float
    """Share of reference words read right in the best attempt."""
    attempts: int


def mistaken(words: Sequence[str], others: Sequence[str], rng: np.random.Generator) -> list[str]:
    """What is said instead of these words."""
    said: list[str] = []
    for word in words:
        drawn = rng.uniform()
        if drawn < SWAPPED:
            said.append(str(rng.choice([other for other in others if other not in words])))
        elif drawn > SWAPPED + MISSING:
            said.append(word)
        if rng.uniform() < ADDED:
            said.append(str(rng.choice([other for other in others if other not in words])))
    return said


def miscues_of(words: Sequence[str], said: Sequence[str]) -> list[Miscue]:
    """The mistakes as a perfect listener would report them: a word left out before one that was added is a
    word that was replaced (RS-054), and a strange word before the first or after the last one is not of the
    attempt (RS-074)."""
    attempt = best_attempt(words, said)
    scored = said[attempt.start : attempt.end]
    pairs = [pair for pair in align(words, scored) if pair.status is not Status.CORRECT]
    return [
        Miscue(pair.status, scored[pair.spoken or 0] if pair.reference is None else words[pair.reference])
        for pair in pairs
    ]


def pupils(
    sentences: Sequence[str], count: int, *, snr_db: float | None = None, seed: int = 11
) -> list[PupilReading]:
    """`count` readings of the sentences in turn, in voices the recogniser never heard."""
    # Imported late: `training` and the voices need the extra `embedded`.
    from training.thai_speech.voices import HELD_OUT

    rng = np.random.default_rng(seed)
    others = sorted({word for sentence in sentences for word in tokens_of(sentence) if len(word) > 2})
    return [
        _pupil(sentences[turn % len(sentences)], HELD_OUT[turn % len(HELD_OUT)], others, snr_db, rng)
        for turn in range(count)
    ]


def _pupil(
    sentence: str, voice: str, others: Sequence[str], snr_db: float | None, rng: np.random.Generator
) -> PupilReading:
    words = tokens_of(sentence)
    said = mistaken(words, others, rng) or list(words)
    attempts, miscues = [said], miscues_of(words, said)
    if miscues and rng.uniform() < AGAIN:  # the better attempt counts, wherever it stands
        attempts.insert(int(rng.integers(0, 2)), list(words))
        miscues = []
    return recorded_reading(sentence, attempts, miscues, voice, snr_db)


def recorded_reading(
    sentence: str,
    attempts: Sequence[Sequence[str]],
    miscues: Sequence[Miscue],
    voice: str,
    snr_db: float | None,
) -> PupilReading:
    """The attempts spoken one after the other; `miscues` are those of the best one."""
    audio = _joined([_spoken("".join(attempt), voice) for attempt in attempts])
    if snr_db is not None:
        audio = with_noise(audio, snr_db, seed=len(audio))
    wrong = sum(miscue.kind != "extra" for miscue in miscues)
    return PupilReading(sentence, audio, miscues, 1 - wrong / len(tokens_of(sentence)), len(attempts))


def _spoken(text: str, variant: str) -> Audio:
    from deployments.tts.embedded import formant
    from deployments.tts.embedded.voices import FormantVoice

    speech = formant.speak(formant.read(text, "th"), FormantVoice(variant, rate=130))
    resampled: Audio = soxr.resample(speech.samples, speech.sample_rate, SAMPLE_RATE)
    return resampled


def _joined(attempts: Sequence[Audio]) -> Audio:
    lead, tail, between = (np.zeros(int(s * SAMPLE_RATE), np.float32) for s in (LEAD_S, TAIL_S, BETWEEN_S))
    parts = [part for attempt in attempts for part in (between, attempt)][1:]
    return np.concatenate([lead, *parts, tail])
