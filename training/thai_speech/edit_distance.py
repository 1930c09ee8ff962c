"""Levenshtein distance."""

from __future__ import annotations

from collections.abc import Sequence


def edit_distance(left: Sequence[object], right: Sequence[object]) -> int:
    """Insertions, deletions and substitutions that turn `left` into `right`."""
    row = list(range(len(right) + 1))
    for i, mine in enumerate(left, 1):
        diagonal, row[0] = row[0], i
        for j, theirs in enumerate(right, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (mine != theirs))
    return row[-1]
