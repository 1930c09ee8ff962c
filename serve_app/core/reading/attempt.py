"""Which part of a recording to score: pupils begin again, stop, and talk in between (RS-070..076)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serve_app.core.reading.windows import Table, digits, window_weights


@dataclass(frozen=True, slots=True)
class Attempt:
    """The spoken tokens from `start` up to, and not with, `end`."""

    start: int
    end: int
    candidates: int
    """Windows that were evaluated (RS-074)."""
    several: bool
    """Whether the text was read more than once (RS-075)."""
    applied: bool
    """Whether anything was cut off (RS-075)."""


def best_attempt(reference: Sequence[str], spoken: Sequence[str]) -> Attempt:
    """The window of spoken tokens that matches the reference best (RS-074).

    Best is the highest `1 - distance / longer length`, then most correct tokens, most mispronounced ones,
    fewest tokens, earliest start. Without the third, a last word that was said badly would be cut off.
    Where no window is long enough, all that was said is the only candidate.
    """
    shortest, longest = _lengths(len(reference), len(spoken))
    if shortest > longest:
        return Attempt(0, len(spoken), min(1, len(spoken)), several=False, applied=False)
    similarity, correct, alike = _windows(reference, spoken, shortest, longest)
    candidates = int((similarity >= 0).sum())
    several = _several(correct, shortest, len(reference))
    best = similarity == similarity.max()
    for merit in (correct, alike):
        best &= merit == merit[best].max()
    # Rows are lengths and columns starts: the first of several is the shortest, then the earliest.
    row, start = (int(place[0]) for place in np.nonzero(best))
    length = shortest + row
    return Attempt(start, start + length, candidates, several, applied=length < len(spoken))


def _lengths(reference: int, spoken: int) -> tuple[int, int]:
    """Shortest and longest window: from half of the reference, rounded up, to 1.6 of it and one more."""
    return max(1, (reference + 1) // 2), min(spoken, reference * 8 // 5 + 1)


def _windows(
    reference: Sequence[str], spoken: Sequence[str], shortest: int, longest: int
) -> tuple[NDArray[np.float64], Table, Table]:
    """Similarity, correct and mispronounced tokens of every window, shape (lengths, starts).

    Past the end of what was said similarity is -1 and nothing is correct. Two fractions of such small
    integers are equal as floats only if they are equal.
    """
    starts, lengths = np.arange(len(spoken) - shortest + 1), np.arange(shortest, longest + 1)[:, None]
    weights, bases = window_weights(reference, spoken, shortest, longest)
    weights[starts + lengths > len(spoken)] = 0
    common, correct, alike = digits(weights, bases)
    similarity = _similarity(common, len(reference), lengths)
    similarity[starts + lengths > len(spoken)] = -1
    return similarity, correct, alike


def _similarity(common: Table, reference: int, lengths: NDArray[np.int_]) -> NDArray[np.float64]:
    """Of windows of some lengths, by the weight of what they have in common with a reference (RS-031)."""
    longer = np.maximum(reference, lengths)
    distance = reference + lengths - common
    return np.asarray((longer - distance) / longer, np.float64)


def _several(correct: Table, shortest: int, reference: int) -> bool:
    """Whether two windows that share no token match half of the reference each (RS-075).

    Together they match more than all of it, or else the halves of one good reading would be two attempts.
    """
    rows, starts = np.nonzero(2 * correct >= reference)
    before, after = np.zeros((2, correct.shape[1] + shortest), np.int64)
    np.maximum.at(before, rows + starts + shortest, correct[rows, starts])
    np.maximum.at(after, starts, correct[rows, starts])
    ended, begins = np.maximum.accumulate(before), np.maximum.accumulate(after[::-1])[::-1]
    return bool((ended + begins > reference).any())
