"""Words that a speaker probably says, in order: a text that is read aloud.

They are a second vocabulary of the search, in which every word of the text is one of its own and knows the
word after it. What is heard of the text is spelled as the text spells it; what is not like it is still heard,
because all other words compete.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from deployments.thai_speech.g2p import pronounce_words
from deployments.thai_speech.language_model import FloatArray, IntArray, WordChances
from deployments.thai_speech.lexicon import lexicon
from deployments.thai_speech.phonemes import TOKENS, tokens
from deployments.thai_speech.trie import SpelledWord, Trie, build

EXPECTED = 0.03
"""Chance of a word where the text has it, and of all words of the text together elsewhere: far below the
truth, so that a slip is not heard as what should have been read. With more, fewer slips are found; with less,
there are more false alarms: docs/measurements.md."""
TEXTS = 32
"""Texts kept ready, a few kilobytes each: the excerpts of one recording share theirs."""


class Expected(NamedTuple):
    """A text."""

    trie: Trie
    chances: TextChances
    """Of all words of the lexicon, and after them those of the text."""


@dataclass(frozen=True, slots=True)
class TextChances:
    """Words are numbered as in `general`, and after them in the order of the text."""

    general: WordChances
    known: IntArray
    """Number in `general` of each word as a history; of one that it does not know, and of `start`, its
    `start`."""

    @property
    def start(self) -> int:
        """The history before the first word."""
        return len(self.known) - 1

    def score(self, history: IntArray, word: IntArray) -> FloatArray:
        """Log chance of words after histories; the shapes broadcast."""
        first = self.general.start
        following = np.where(history == self.start, first, history + 1)
        in_turn = (history >= first) & (word == following)
        of_text = np.log(np.where(in_turn, EXPECTED, EXPECTED / (self.start - first)))
        general = self.general.score(self.known[history], np.where(word < first, word, 0))
        return np.where(word < first, general, of_text.astype(np.float32))


@lru_cache(TEXTS)
def expected(words: tuple[str, ...], general: WordChances) -> Expected | None:
    """None for words of which none is read as Thai. `general` numbers words as the lexicon does."""
    spelled = _spelled(words)
    if not spelled:
        return None
    numbers = _numbers()
    known = [numbers.get(word.text, general.start) for word in spelled]
    histories = np.array([*range(general.start), *known, general.start], np.int32)
    return Expected(build(spelled, len(TOKENS)), TextChances(general, histories))


@lru_cache(1)
def _numbers() -> dict[str, int]:
    return {word: number for number, word in enumerate(lexicon())}


def _spelled(words: Sequence[str]) -> list[SpelledWord]:
    """The words that are read as Thai."""
    read = zip(words, pronounce_words(words), strict=True)
    return [SpelledWord(word, 0.0, tokens(syllables)) for word, syllables in read if syllables]
