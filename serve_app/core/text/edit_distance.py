"""Levenshtein distance of words: of two, and of one from many at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class Words:
    """Words to compare others with, side by side in the bits of one long integer.

    Bit-parallel (Myers 1999, as Hyyrö 2003 wrote it): a column of the table is two integers, whose bits tell
    that a cell is one more, or one less, than the cell above. After each word comes a bit that stays 0, so
    that no sum runs over into the next one.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.lengths: NDArray[np.int64] = np.array([len(word) for word in words], np.int64)
        """Characters, shape (words,)."""
        self._places: dict[str, int] = {}
        self._firsts = self._inside = at = 0
        for word in words:
            self._firsts |= 1 << at
            self._inside |= (1 << len(word)) - 1 << at
            for place, character in enumerate(word, start=at):
                self._places[character] = self._places.get(character, 0) | 1 << place
            at += len(word) + 1
        self._bits = at

    def distances(self, other: str) -> NDArray[np.int64]:
        """Of each word from another, shape (words,)."""
        if not self._bits:
            return self.lengths
        more, less = (self._unpacked(column) for column in self.last_column(other))
        starts = np.cumsum(self.lengths + 1) - self.lengths - 1
        return np.add.reduceat(more - less, starts, dtype=np.int64) + len(other)

    def last_column(self, other: str) -> tuple[int, int]:
        """Where the cells of the last character are one more, and one less, than the cell above."""
        more, less, inside = self._inside, 0, self._inside
        for character in other:
            equal = self._places.get(character, 0)
            same = (((equal & more) + more) ^ more) | equal | less
            right_more, right_less = (less | ~(same | more)) & inside, more & same & inside
            right_more = right_more << 1 | self._firsts
            more, less = (right_less << 1 | ~(same | right_more)) & inside, right_more & same & inside
        return more, less

    def _unpacked(self, column: int) -> NDArray[np.int8]:
        packed = np.frombuffer(column.to_bytes(-(-self._bits // 8), "little"), np.uint8)
        return np.unpackbits(packed, count=self._bits, bitorder="little").view(np.int8)


def edit_distance(one: str, other: str) -> int:
    """Levenshtein distance of the characters of two words."""
    more, less = Words([one]).last_column(other)
    return len(other) + more.bit_count() - less.bit_count()
