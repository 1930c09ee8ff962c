"""How sure a share is."""

from __future__ import annotations

import pytest

from loadtests.intervals import ratio_interval, wilson

COUNTS = [(1, 10), (0, 12), (6, 9), (2, 20)]


def test_the_same_seed_gives_the_same_interval() -> None:
    """ASR-045: a figure can be found again."""
    many = [(index % 7, 10 + index % 3) for index in range(40)]
    assert ratio_interval(many, seed=3) == ratio_interval(many, seed=3)
    assert ratio_interval(many, seed=3) != ratio_interval(many, seed=4)


def test_an_interval_holds_the_rate_and_shrinks_with_more() -> None:
    """ASR-045: nine recordings out of fifty-one words are less sure than a hundred times as many."""
    low, high = ratio_interval(COUNTS)
    assert low < 9 / 51 < high
    wide, narrow = high - low, ratio_interval(COUNTS * 100)
    assert narrow[1] - narrow[0] < wide / 5


def test_what_hangs_together_is_drawn_together() -> None:
    """ASR-045: one speaker of two who is never understood makes any rate between none and all possible."""
    assert ratio_interval([(0, 100), (100, 100)]) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("successes", "trials", "expected"),
    [(0, 50, (0.0, 0.0713)), (50, 50, (0.9287, 1.0)), (5, 50, (0.0435, 0.2136))],
)
def test_wilson_as_published(successes: int, trials: int, expected: tuple[float, float]) -> None:
    """ASR-045: none of fifty does not mean never; values of Newcombe's formula."""
    assert wilson(successes, trials) == pytest.approx(expected, abs=1e-4)
