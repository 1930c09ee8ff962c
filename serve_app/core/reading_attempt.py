"""Which part of a recording to score: pupils begin again, stop, and talk in between (RS-070..076)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serve_app.core.align_words import mispronounced

Table = NDArray[np.int32 | np.int64]


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
    integers are equal as floats only if they are equal. Method: the heaviest common subsequence, as in
    `align_words`, grown by one spoken token for all starts at once.
    """
    base = len(reference) + 1
    gains = _gains(reference, spoken, base)
    heaviest = np.zeros((len(spoken) - shortest + 1, base), gains.dtype)
    weights = np.full((longest - shortest + 1, len(heaviest)), -1, gains.dtype)
    for length in range(1, longest + 1):
        heaviest = _grown(heaviest[: len(spoken) - length + 1], gains[length - 1 :])
        if length >= shortest:
            weights[length - shortest, : len(heaviest)] = heaviest[:, -1]
    similarity = _similarity(weights // base**2, len(reference), np.arange(shortest, longest + 1)[:, None])
    weights, similarity = np.maximum(weights, 0), np.where(weights < 0, -1.0, similarity)
    return similarity, weights // base % base, weights % base


def _similarity(common: Table, reference: int, lengths: NDArray[np.int_]) -> NDArray[np.float64]:
    """Of windows of some lengths, by the weight of what they have in common with a reference (RS-031)."""
    longer = np.maximum(reference, lengths)
    distance = reference + lengths - common
    return np.asarray((longer - distance) / longer, np.float64)


def _gains(reference: Sequence[str], spoken: Sequence[str], base: int) -> Table:
    """Weight of every pair, shape (spoken, reference).

    In digits of a base: two for a correct token and one for another; whether correct; whether mispronounced.
    """
    correct, other = 2 * base**2 + base, base**2
    written, said = (list(dict.fromkeys(words)) for words in (reference, spoken))
    weights = [[correct if a == b else other + mispronounced(a, b) for b in written] for a in said]
    kind = np.int32 if correct * len(reference) < 2**31 else np.int64
    table: Table = np.array(weights, kind)
    return table[np.ix_(_places(spoken, said), _places(reference, written))]


def _places(words: Sequence[str], among: Sequence[str]) -> list[int]:
    place = {word: index for index, word in enumerate(among)}
    return [place[word] for word in words]


def _grown(heaviest: Table, gains: Table) -> Table:
    """One more spoken token for every start; both tables have a row for each, the gains some more."""
    paired = heaviest[:, :-1] + gains[: len(heaviest)]
    np.maximum(heaviest[:, 1:], paired, out=heaviest[:, 1:])
    return np.maximum.accumulate(heaviest, axis=1, out=heaviest)


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
