"""What was read against what should have been read, word by word (RS-050..056)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

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


def edit_distance(one: str, other: str) -> int:
    """Levenshtein distance of the characters of two words.

    Bit-parallel (Myers 1999, as Hyyrö 2003 wrote it): a column of the table is two integers, whose bits tell
    that a cell is one more, or one less, than the cell above.
    """
    if not one:
        return len(other)
    places: dict[str, int] = {}
    for index, character in enumerate(one):
        places[character] = places.get(character, 0) | 1 << index
    last, full = 1 << len(one) - 1, (1 << len(one)) - 1
    more, less, distance = full, 0, len(one)
    for character in other:
        equal = places.get(character, 0)
        same = (((equal & more) + more) ^ more) | equal | less
        right_more, right_less = (less | ~(same | more)) & full, more & same
        distance += bool(right_more & last) - bool(right_less & last)
        right_more = right_more << 1 | 1
        more, less = (right_less << 1 | ~(same | right_more)) & full, right_more & same
    return distance


def similarity(one: str, other: str) -> int:
    """How alike two words are: 0, nothing in common, to SCALE, equal."""
    longest = max(len(one), len(other), 1)
    return (longest - edit_distance(one, other)) * SCALE // longest


def mispronounced(one: str, other: str) -> bool:
    """Whether one word is the other said badly: more than half of the longer one's characters are the same.

    So it is with ภาษาไทย and ภาษาใจ, and not with แมว and หมา.
    """
    longest = max(len(one), len(other))
    return 2 * min(len(one), len(other)) > longest > 2 * edit_distance(one, other)


def _gains(reference: Sequence[str], spoken: Sequence[str]) -> list[list[int]]:
    """The weight of every pair, shape (reference, spoken): four digits whose bases no sum reaches."""
    longest, pairs = len(spoken), min(len(reference), len(spoken))
    alike = longest * pairs + 1
    equal = alike * (SCALE * pairs + 1)
    common = equal * (pairs + 1)
    heard = {word: [common + similarity(word, said) * alike for said in spoken] for word in set(reference)}
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
