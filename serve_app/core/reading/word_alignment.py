"""What was read against what should have been read, word by word (RS-050..056)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from serve_app.core.text.edit_distance import Words

SCALE = 720_720
"""Every length up to 16 divides it, so that equal sums of similarities are equal numbers. Hardly a Thai word
is longer; the similarity of such a pair is rounded down."""


class Status(StrEnum):
    """What became of a word (RS-050)."""

    CORRECT = "correct"
    MISSING = "missing"
    EXTRA = "extra"
    SUBSTITUTION = "substitution"


@dataclass(frozen=True, slots=True)
class Pair:
    """A word of the reference and the word said for it; indexes from 0, None where there is none (RS-053)."""

    reference: int | None
    spoken: int | None
    status: Status


def align(reference: Sequence[str], spoken: Sequence[str]) -> list[Pair]:
    """The best alignment in reading order, extras where they were said (RS-053, RS-054).

    Of all with the least edit distance, the one with most equal pairs; of these, the one whose substituted
    pairs are most alike; of these, the one whose equal words were said earliest.

    Method: edit distance is `m + n - 2 equal - substituted`, so the least distance is the heaviest common
    subsequence (Wagner and Fischer 1974) when an equal pair weighs two and a substituted one weighs one.
    The other wishes, in their order, are lower digits of the weights: Python's integers do not overflow.
    """
    gains = _gains(reference, spoken)
    best = _heaviest(gains, len(spoken))
    return _path(reference, spoken, gains, best)


def similarity(one: str, other: str) -> int:
    """How alike two words are: 0, nothing in common, to SCALE, equal."""
    return int(similarities(one, Words([other]))[0])


def similarities(one: str, others: Words) -> NDArray[np.int64]:
    """How alike a word is to each of others, shape (others,)."""
    longest = np.maximum(others.lengths, max(1, len(one)))
    return (longest - others.distances(one)) * SCALE // longest


def mispronounced(one: str, other: str) -> bool:
    """Whether one word is the other said badly: more than half of the longer one's characters are the same.

    So it is with ภาษาไทย and ภาษาใจ, and not with แมว and หมา.
    """
    return bool(mispronunciations(one, Words([other]))[0])


def mispronunciations(one: str, others: Words) -> NDArray[np.bool_]:
    """Whether a word is mispronounced for each of others, shape (others,)."""
    shortest, longest = np.minimum(others.lengths, len(one)), np.maximum(others.lengths, len(one))
    return (2 * shortest > longest) & (longest > 2 * others.distances(one))


def _gains(reference: Sequence[str], spoken: Sequence[str]) -> list[list[int]]:
    """The weight of every pair, shape (reference, spoken): four digits whose bases no sum reaches."""
    longest, pairs = len(spoken), min(len(reference), len(spoken))
    alike = longest * pairs + 1
    equal = alike * (SCALE * pairs + 1)
    common = equal * (pairs + 1)
    said_words = Words(spoken)
    likenesses = {word: similarities(word, said_words).tolist() for word in set(reference)}
    heard = {word: [common + likeness * alike for likeness in row] for word, row in likenesses.items()}
    return [
        [
            2 * common + equal + longest - at if word == said else heard[word][at]
            for at, said in enumerate(spoken)
        ]
        for word in reference
    ]


def _heaviest(gains: list[list[int]], spoken: int) -> list[list[int]]:
    """Weight of the heaviest subsequence from two places to the ends, shape (reference + 1, spoken + 1)."""
    best = [[0] * (spoken + 1)]
    for gain in reversed(gains):
        below, row, right = best[-1], [0] * (spoken + 1), 0
        for at in range(spoken - 1, -1, -1):
            right = row[at] = max(below[at + 1] + gain[at], below[at], right)
        best.append(row)
    return best[::-1]


def _path(
    reference: Sequence[str], spoken: Sequence[str], gains: list[list[int]], best: list[list[int]]
) -> list[Pair]:
    """The way from the start; of two as good it pairs, else misses: words said earlier are used first."""
    pairs: list[Pair] = []
    i = j = 0
    while i < len(reference) or j < len(spoken):
        both = i < len(reference) and j < len(spoken)
        if both and best[i][j] == best[i + 1][j + 1] + gains[i][j]:
            status = Status.CORRECT if reference[i] == spoken[j] else Status.SUBSTITUTION
            pairs.append(Pair(i, j, status))
            i, j = i + 1, j + 1
        elif i < len(reference) and best[i][j] == best[i + 1][j]:
            pairs.append(Pair(i, None, Status.MISSING))
            i += 1
        else:
            pairs.append(Pair(None, j, Status.EXTRA))
            j += 1
    return pairs
