"""How fluently an attempt was read: RS-077, RS-090."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serve_app.core.reading.fluency import PAUSE_S, fluency
from serve_app.core.reading.parts import Json, Span

NOTHING: Json = {
    "wordsPerMinute": None,
    "correctWordsPerMinute": None,
    "pauses": [],
    "pauseSeconds": None,
    "speakingSeconds": None,
}
ROUNDED = 0.0011
"""Seconds are told in thousandths; a difference of two may be off by one."""


def test_a_slow_reader() -> None:
    """RS-090: four words, three of them right, in six seconds that began at 2.0 s; one long and one short
    silence."""
    times = [(2.0, 2.5), (4.0, 4.5), (4.7, 5.0), (5.0, 8.0)]
    assert fluency(times, 3) == {
        "wordsPerMinute": 40.0,
        "correctWordsPerMinute": 30.0,
        "pauses": [{"start": 0.5, "end": 2.0, "seconds": 1.5}],
        "pauseSeconds": 1.5,
        "speakingSeconds": 4.5,
    }


@pytest.mark.parametrize("times", [[], [None, None], [None, (1.0, 1.0)]])
def test_without_times(times: list[Span | None]) -> None:
    """RS-077, RS-090: nothing is known, and nothing is divided by."""
    assert fluency(times, 1) == NOTHING


def test_silence_beside_a_token_without_a_time() -> None:
    """RS-090: it may be that token; words are counted all the same."""
    found = fluency([(0.0, 1.0), None, (5.0, 6.0)], 2)
    assert (found["pauses"], found["wordsPerMinute"]) == ([], 30.0)


@st.composite
def readings(draw: st.DrawFn) -> list[Span | None]:
    """Tokens one after the other, some without a time."""
    at = draw(st.floats(0, 600))
    times: list[Span | None] = []
    for silence, length, known in draw(
        st.lists(st.tuples(st.floats(0, 3), st.floats(0.05, 2), st.booleans()), max_size=30)
    ):
        start, at = at + silence, at + silence + length
        times.append((start, at) if known else None)
    return times


@settings(deadline=None)
@given(readings(), st.integers(0, 30))
def test_pauses(times: list[Span | None], correct: int) -> None:
    """RS-090: they lie inside of the attempt, in order and apart, and with the speech they are all of it."""
    found = fluency(times, correct)
    if (measured := found["speakingSeconds"]) is None:
        assert found == NOTHING
        return
    known = [time for time in times if time]
    seconds = known[-1][1] - known[0][0]
    edges = [0.0, *(edge for pause in found["pauses"] for edge in (pause["start"], pause["end"])), seconds]
    assert all(before <= after + ROUNDED for before, after in pairwise(edges))
    assert all(pause["seconds"] >= PAUSE_S for pause in found["pauses"])
    paused = sum(pause["seconds"] for pause in found["pauses"])
    assert found["pauseSeconds"] == pytest.approx(paused, abs=ROUNDED)
    assert measured + found["pauseSeconds"] == pytest.approx(seconds, abs=ROUNDED)
    assert measured > 0
    assert found["correctWordsPerMinute"] * len(times) == pytest.approx(
        found["wordsPerMinute"] * correct, abs=len(times) + correct
    )
