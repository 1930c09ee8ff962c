"""What a report shows of a reading, and where: RS-091."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serve_app.core.reading.report_words import ShownWord, shown_words
from serve_app.core.reading.timeline import LINE_S, WIDTH, lines, peaks
from serve_app.core.reading.word_alignment import Status

ALIGNED = [(0.0, 0.4, 0.9), (0.4, 0.8, 0.6), (0.8, 0.9, 0.1), (1.0, 1.5, 0.3), (None, None, None)]
RESULTS = [
    (0, "correct", "ก", "ก", 0.9),
    (1, "correct", "ข", "ข", 0.6),
    (2, "missing", "ค", None, 0.1),
    (None, "extra", None, "ฆ", None),
    (3, "substitution", "ง", "จ", 0.3),
    (4, "correct", "ฉ", "ฉ", None),
]


def payload(*, used: bool = True, began: float | None = 2.0) -> dict[str, Any]:
    """The parts of JSON 4 that a report places words by."""
    names = ("referenceIndex", "status", "referenceToken", "studentToken", "pronunciationConfidence")
    aligned: list[dict[str, Any]] = [
        {"index": index, "start": start, "end": end, "confidence": confidence}
        for index, (start, end, confidence) in enumerate(ALIGNED)
    ]
    aligned[3]["syllables"] = [{"start": 1.0}]
    return {
        "student": {"selectedAttempt": {"start": began}},
        "alignment": {"used": used, "words": aligned},
        "comparison": {"wordResults": [dict(zip(names, result, strict=True)) for result in RESULTS]},
    }


def test_words_and_their_places() -> None:
    """RS-091: times count from the start of the recording; what was not said has none."""
    assert shown_words(payload(), 0.5) == [
        ShownWord("ก", Status.CORRECT, "", 0.9, "sure", (2.0, 2.4)),
        ShownWord("ข", Status.CORRECT, "", 0.6, "fair", (2.4, 2.8)),
        ShownWord("ค", Status.MISSING, "", 0.1, "", None),
        ShownWord("ฆ", Status.EXTRA, "", None, "", None),
        ShownWord("ง", Status.SUBSTITUTION, "จ", 0.3, "weak", (3.0, 3.5), [{"start": 1.0}]),
        ShownWord("ฉ", Status.CORRECT, "", None, "", None),
    ]


def test_what_is_to_be_practised() -> None:
    """RS-091: what is missing, said as another word, or weak."""
    words = shown_words(payload(), 0.7)
    assert [word.text for word in words if word.to_practise] == ["ข", "ค", "ง"]


@pytest.mark.parametrize("began", [None, 0.0])
def test_alignments_that_are_not_used(began: float | None) -> None:
    """RS-038, RS-091: their times are not shown either; an attempt without times began with the recording."""
    assert {word.span for word in shown_words(payload(used=False), 0.5)} == {None}
    assert shown_words(payload(began=began), 0.5)[1].span == (0.4, 0.8)


def test_peaks() -> None:
    """RS-091: of each part the loudest sample; silence is flat, and so is what nobody can hear."""
    samples = np.array([0, 100, -32768, 5, 1, 0, 16384, 0], np.int16)
    assert peaks(samples, 4) == pytest.approx([100 / 32768, 1, 1 / 32768, 0.5])
    assert peaks(np.full(100, 1, np.int16), 5).max() < 0.05
    assert peaks(np.zeros(3, np.int16), 5).tolist() == [0] * 5


def word(start: float, end: float) -> ShownWord:
    return ShownWord("ก", Status.CORRECT, "", 0.9, "sure", (start, end))


@settings(deadline=None)
@given(st.floats(0.01, 100), st.lists(st.tuples(st.floats(0, 1), st.floats(0.001, 0.2)), max_size=9))
def test_lines(seconds: float, places: list[tuple[float, float]]) -> None:
    """RS-091: every word is drawn on one line, inside of it; the attempt on all that it touches."""
    words = [word(at * seconds * 0.99, at * seconds * 0.99 + length * seconds) for at, length in places]
    bars = np.full(max(1, round(seconds * 25)), 0.5)
    drawn = lines(bars, seconds, words, (0.0, seconds))
    assert len(drawn) == max(1, np.ceil(seconds / LINE_S))
    assert sum(len(line.words) for line in drawn) == len(words)
    for line in drawn:
        assert line.attempt is not None
        assert line.attempt.x == 0
        assert line.attempt.width == pytest.approx(WIDTH, abs=0.1)
        for mark in line.words:
            assert 0 <= mark.x <= mark.x + mark.width <= WIDTH + 0.2
    assert "".join(line.shape for line in drawn).count("M") == len(bars)


def test_an_attempt_on_some_lines() -> None:
    """RS-091: 16 s are two lines; seconds are named where they begin."""
    first, second = lines(np.zeros(400), 16.0, [word(9.0, 10.0)], (4.0, 7.0))
    assert first.attempt is not None
    assert second.attempt is not None
    assert second.attempt.width == 0
    assert (first.attempt.x, first.attempt.width) == (500, 375)
    assert [(mark.x, mark.width) for mark in second.words] == [(125, 125)]
    assert first.words == []
    assert second.ticks[:2] == [(0, 8), (125, 9)]
    assert lines(np.zeros(400), 16.0, [], None)[0].attempt is None
