"""Cuts Thai text into words of the lexicon, the most likely ones together (unigram Viterbi)."""

from __future__ import annotations

import math
from collections.abc import Mapping

from deployments.thai_speech.lexicon import lexicon

UNKNOWN = -25.0
"""Log probability of one letter outside any word: below that of every word, so that words are preferred."""


class Segmenter:
    """`chances`: natural log probability of each word; words are numbered in its order."""

    def __init__(self, chances: Mapping[str, float]) -> None:
        self._words = {word: (number, float(chance)) for number, (word, chance) in enumerate(chances.items())}
        self._longest = max(map(len, chances))

    def words(self, text: str) -> list[int | None]:
        """Numbers of the words; None for a letter that belongs to none."""
        best, back = [0.0] + [-math.inf] * len(text), [0] * (len(text) + 1)
        for end in range(1, len(text) + 1):
            for begin in range(max(0, end - self._longest), end):
                score = best[begin] + self._chance(text[begin:end])
                if score > best[end]:
                    best[end], back[end] = score, begin
        found, end = list[int | None](), len(text)
        while end:
            found.append(self._words.get(text[back[end] : end], (None, 0.0))[0])
            end = back[end]
        return found[::-1]

    def _chance(self, piece: str) -> float:
        if piece in self._words:
            return self._words[piece][1]
        return UNKNOWN if len(piece) == 1 else -math.inf


def lexicon_segmenter() -> Segmenter:
    """With the lexicon's words and frequencies."""
    counts = {word: entry.frequency + 0.5 for word, entry in lexicon().items()}
    total = sum(counts.values())
    return Segmenter({word: math.log(count / total) for word, count in counts.items()})
