"""Pupils who say another word that differs in a single sound: what leaning towards the text may swallow."""

from __future__ import annotations

import random
from collections.abc import Sequence

from deployments.align.embedded.pronunciations import reading_of
from deployments.thai_speech.lexicon import Lexicon, lexicon
from loadtests.reading.pupils import PupilReading, miscues_of, recorded_reading
from serve_app.core.reading.tokens import tokens_of
from training.thai_speech.voices import HELD_OUT

COMMON = 200
"""Times that a word is written in the lexicon's sources, from which on a pupil may take it for another."""


def slips(
    sentences: Sequence[str], count: int, *, snr_db: float | None = None, seed: int = 5
) -> list[PupilReading]:
    """Readings of the sentences in turn with one such word each; less than `count`: a sentence in which no
    word has a neighbour gives none."""
    rng, neighbours = random.Random(seed), _Neighbours(lexicon())
    found: list[PupilReading] = []
    for turn in range(count):
        sentence = sentences[turn % len(sentences)]
        words = tokens_of(sentence)
        for place in rng.sample(range(len(words)), len(words)):
            if near := neighbours.of(words[place]):
                said = [*words[:place], rng.choice(near), *words[place + 1 :]]
                voice = HELD_OUT[turn % len(HELD_OUT)]
                found.append(recorded_reading(sentence, [said], miscues_of(words, said), voice, snr_db))
                break
    return found


class _Neighbours:
    """Words by their sounds, tones left out."""

    def __init__(self, words: Lexicon) -> None:
        self._sounds = {word: tuple(reading_of(entry.pronunciation).sounds) for word, entry in words.items()}
        self._common = [word for word, entry in words.items() if entry.frequency > COMMON]

    def of(self, word: str) -> list[str]:
        """Common words with as many sounds, one of them another."""
        sounds = self._sounds.get(word, ())
        return [other for other in self._common if _differing(sounds, self._sounds[other]) == 1]


def _differing(one: Sequence[int], other: Sequence[int]) -> int:
    """How many sounds differ; none where the lengths do, for those are no neighbours."""
    return sum(a != b for a, b in zip(one, other, strict=True)) if len(one) == len(other) else 0
