"""Which word of a reference each character of what was said belongs to (RS-087)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

GO_ON_ELSEWHERE = 3
"""Edits that it costs to go on at another word: readers skip, repeat and begin again. A Thai word has three
or four letters, so that a stray likeness of one is not worth the way there and back."""
OUTSIDE = -1

Table = NDArray[np.int16 | np.int32]


class Place(NamedTuple):
    """Where a character of the spoken text belongs."""

    word: int
    """Index in the reference; OUTSIDE for what was said between two words."""
    visit: int
    """Another number each time that the reader goes on elsewhere."""


def places(spoken: str, reference: Sequence[str]) -> list[Place]:
    """The place of every character of a spoken text, which has no white space.

    Method: the alignment of characters with the fewest edits (Sellers 1980) that may break off anywhere in
    the reference and go on at the beginning of any word. Takes time and memory in proportion to the product
    of the lengths: 2 bytes for each pair of characters, 4 in very long texts.
    """
    written = "".join(reference)
    borders = np.cumsum([0, *map(len, reference)])
    return _path(spoken, written, borders, _edits(spoken, written, borders))


def _edits(spoken: str, written: str, borders: NDArray[np.intp]) -> Table:
    """Fewest edits up to each pair of places, shape (spoken + 1, written + 1)."""
    letters = _codes(written)
    small = len(spoken) + len(written) < 2**15
    edits: Table = np.empty((len(spoken) + 1, len(written) + 1), np.int16 if small else np.int32)
    edits[0] = len(written)
    edits[0, borders] = 0
    _leave_out(edits[0])
    for row, (before, letter) in enumerate(zip(edits, _codes(spoken), strict=False), start=1):
        np.minimum(before[1:] + 1, before[:-1] + (letters != letter), out=edits[row, 1:])
        edits[row, 0] = before[0] + 1
        _skip(edits[row], borders)
    return edits


def _skip(row: Table, borders: NDArray[np.intp]) -> None:
    """Leave out what is written, or break off anywhere and go on at the beginning of a word."""
    row[borders] = np.minimum(row[borders], row.min() + GO_ON_ELSEWHERE)
    _leave_out(row)


def _leave_out(row: Table) -> None:
    """One edit for each written character that was not said."""
    ramp = np.arange(len(row), dtype=row.dtype)
    row[:] = np.minimum.accumulate(row - ramp) + ramp


def _path(spoken: str, written: str, borders: NDArray[np.intp], edits: Table) -> list[Place]:
    """The way back from the best end."""
    owners = np.repeat(np.arange(len(borders) - 1), np.diff(borders)).tolist()
    between = set(borders.tolist())
    found: list[Place] = []
    row, at, visit = len(spoken), int(edits[-1].argmin()), 0

    def paired(row: int, at: int) -> bool:
        """Whether a cheapest way pairs the last characters of both texts."""
        return at > 0 and bool(
            edits[row, at] == edits[row - 1, at - 1] + (written[at - 1] != spoken[row - 1])
        )

    while row:
        if paired(row, at):
            row, at = row - 1, at - 1
            found.append(Place(owners[at], visit))
        elif at in between and (left := _broken_off(edits, row, at, paired)):
            at, visit = left, visit + 1
        elif edits[row, at] == edits[row - 1, at] + 1:
            row -= 1
            found.append(Place(OUTSIDE if at in between else owners[at], visit))
        elif at and edits[row, at] == edits[row, at - 1] + 1:
            at -= 1
        else:
            at, visit = int(edits[row].argmin()), visit + 1
    return found[::-1]


def _broken_off(edits: Table, row: int, at: int, paired: Callable[[int, int], bool]) -> int:
    """Where a reader may have left who goes on at a place, with a character that is part of a word; else 0.

    So the end of ภาษาใจ is a changed ไทย rather than talk behind ภาษา, which costs as much.
    """
    left = np.flatnonzero(edits[row] + GO_ON_ELSEWHERE == edits[row, at]).tolist()
    return next((end for end in left if paired(row, end)), 0)


def _codes(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)
