"""What every window of spoken tokens has in common with a reference (RS-074)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from serve_app.core.reading.word_alignment import mispronunciations
from serve_app.core.text.edit_distance import Words

Table = NDArray[np.uint32 | np.uint64]
Bases = tuple[int, int]

STARTS = 128
"""Windows that grow at once: three tables of so many columns, and a thousand rows, stay in a core's cache."""


def window_weights(
    reference: Sequence[str], spoken: Sequence[str], shortest: int, longest: int
) -> tuple[Table, Bases]:
    """Weights of the windows of `shortest` to `longest` tokens, shape (lengths, starts), and the bases of
    their `digits`. A window that does not end in what was said weighs as much as the part that does.

    Method: the heaviest common subsequence, as in `align_words`, for all starts at once.
    """
    gains, bases = _gains(reference, spoken, longest - shortest)
    starts = len(spoken) - shortest + 1
    blocks = (slice(first, min(first + STARTS, starts)) for first in range(0, starts, STARTS))
    return np.hstack([_grown(gains, block, shortest, longest) for block in blocks]), bases


def digits(weights: Table, bases: Bases) -> tuple[Table, Table, Table]:
    """Two for a correct token and one for another that is paired; correct tokens; mispronounced ones."""
    pairs, alike = np.divmod(weights, bases[1])
    return *np.divmod(pairs, bases[0]), alike


def _gains(reference: Sequence[str], spoken: Sequence[str], beyond: int) -> tuple[Table, Bases]:
    """Weight of every pair, shape (reference, spoken), and 0 for so many tokens beyond the end."""
    written, said = (list(dict.fromkeys(words)) for words in (reference, spoken))
    heard = Words(said)
    equal = np.array([[word == other for other in said] for word in written])
    alike = np.array([mispronunciations(word, heard) for word in written]) & ~equal
    rows, columns = _places(reference, written), _places(spoken, said)
    bases = len(reference) + 1, int(alike[rows].any(axis=1).sum()) + 1
    other, correct = bases[0] * bases[1], 2 * bases[0] * bases[1] + bases[1]
    kind = np.uint32 if correct * len(reference) < 2**32 else np.uint64
    weights = np.where(equal, correct, other + alike).astype(kind)
    return np.pad(weights[np.ix_(rows, columns)], ((0, 0), (0, beyond))), bases


def _places(words: Sequence[str], among: Sequence[str]) -> list[int]:
    place = {word: index for index, word in enumerate(among)}
    return [place[word] for word in words]


def _grown(gains: Table, starts: slice, shortest: int, longest: int) -> Table:
    """Weights of the windows from some starts, shape (lengths, starts).

    Cell by cell along the diagonals of the tables of all starts: those of one diagonal, which have as many
    tokens of both sides together, need only the two diagonals before it.
    """
    size, columns = len(gains), starts.stop - starts.start
    slanted = _slanted(gains)[:, starts.start :]
    weights = np.empty((longest - shortest + 1, columns), gains.dtype)
    before, last, now = np.zeros((3, size + 1, columns), gains.dtype)
    for diagonal in range(2, size + longest + 1):
        first, end = max(0, diagonal - longest - 1), min(size, diagonal - 1)
        cells = now[first + 1 : end + 1]
        np.add(before[first:end], slanted[first:end, diagonal - 2 : diagonal - 2 + columns], out=cells)
        np.maximum(cells, last[first + 1 : end + 1], out=cells)
        np.maximum(cells, last[first:end], out=cells)
        if diagonal >= size + shortest:
            weights[diagonal - size - shortest] = now[size]
        before, last, now = last, now, before
    return weights


def _slanted(gains: Table) -> Table:
    """A view in which row and column of a pair add up to the column."""
    rows, columns = gains.shape
    down, right = gains.strides
    return as_strided(gains, (rows, rows + columns - 1), (down - right, right), writeable=False)
