"""How Thai words are read: the sounds to look for, and the tone of each syllable.

The acoustic model learned from words which tone goes with their sounds, so that it hardly hears one that is
wrong. Tones are therefore left out of what it is asked, and judged by the melody.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from deployments.align.viterbi import FloatArray
from deployments.thai_speech.g2p import pronounce_words
from deployments.thai_speech.phonemes import BLANK, CODAS, CONSONANTS, TOKENS, VOWELS, Pronunciation, tokens

TONES = 5
_FIRST_VOWEL = 1 + len(CONSONANTS)
_FIRST_CODA = _FIRST_VOWEL + TONES * len(VOWELS)
_TONELESS = np.array(
    [
        *range(_FIRST_VOWEL),
        *(_FIRST_VOWEL + token // TONES for token in range(TONES * len(VOWELS))),
        *(token - (TONES - 1) * len(VOWELS) for token in range(_FIRST_CODA, len(TOKENS))),
    ]
)
"""Label of each token of the acoustic model without its tone."""
_KINDS = (
    slice(1, _FIRST_VOWEL),
    slice(_FIRST_VOWEL, _FIRST_VOWEL + len(VOWELS)),
    slice(_FIRST_VOWEL + len(VOWELS), _FIRST_VOWEL + len(VOWELS) + len(CODAS)),
)


class Reading(NamedTuple):
    """One word."""

    sounds: list[int]
    """Labels of `toneless`, at least one."""
    tones: list[int]
    """Of each syllable, 0..4."""
    nuclei: list[int]
    """Place of each syllable's vowel in `sounds`."""
    onsets: list[int]
    """Place of each syllable's first sound."""

    def may_drop(self, place: int) -> bool:
        """Whether the syllable is one without this sound too: a second consonant, or the final one."""
        return place not in self.nuclei and place not in self.onsets


def readings(words: Sequence[str]) -> list[Reading | None]:
    """One for each word; None for what has no Thai reading. A repetition mark reads like the word before."""
    read = pronounce_words(words)
    return [reading_of(pronunciation) if pronunciation else None for pronunciation in read]


def reading_of(pronunciation: Pronunciation) -> Reading:
    """The sounds of at least one syllable."""
    lengths = [len(tokens((syllable,))) for syllable in pronunciation]
    onsets = np.cumsum([0, *lengths[:-1]]).tolist()
    nuclei = [first + len(s.onset) for first, s in zip(onsets, pronunciation, strict=True)]
    sounds = _TONELESS[tokens(pronunciation)].tolist()
    return Reading(sounds, [syllable.tone for syllable in pronunciation], nuclei, onsets)


def toneless(log_probs: FloatArray) -> FloatArray:
    """Log probabilities of the acoustic model (frames, tokens) with the tones of each vowel summed up."""
    assert BLANK == 0
    vowels = log_probs[:, _FIRST_VOWEL:_FIRST_CODA].reshape(len(log_probs), -1, TONES)
    summed = np.logaddexp.reduce(vowels, axis=2)
    return np.concatenate([log_probs[:, :_FIRST_VOWEL], summed, log_probs[:, _FIRST_CODA:]], axis=1)


def kind_of(label: int) -> slice:
    """Labels of the sounds that can stand where this one does: consonants, vowels or final consonants."""
    return next(kind for kind in _KINDS if label < kind.stop)
