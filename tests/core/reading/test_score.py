"""Scores and feedback of a reading: RS-030..040, RS-055..058."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from serve_app.core.reading.score import (
    NOTHING_SAID,
    Counts,
    Marks,
    Scores,
    count,
    display,
    feedback,
    focus_words,
    score,
)
from serve_app.core.reading.word_alignment import Status, align

REFERENCE = ["สวัสดีครับ", "วันนี้", "เรา", "จะ", "เรียน", "ภาษาไทย"]
SPOKEN = ["สวัสดีครับ", "วันนี้", "เรียน", "ภาษาใจ"]
CONFIDENCES = [0.82, 0.52, 0.33, 0.235, 0.52, 0.41]
tokens = st.lists(st.sampled_from("abcd"), max_size=7)
some_tokens = st.lists(st.sampled_from("abcd"), min_size=1, max_size=7)


def scored(reference: list[str], spoken: list[str], confidences: list[float] | None = None) -> Scores:
    return score(align(reference, spoken), len(reference), len(spoken), confidences, weak_below=0.2)


def test_the_documented_example() -> None:
    """GT-01, RS-030..034, RS-036, RS-037, RS-055: built-in rounding, display from rounded raw."""
    found = scored(REFERENCE, SPOKEN, CONFIDENCES)
    assert found.counts == Counts(correct=3, missing=2, extra=0, substitution=1)
    assert found.counts.distance == 3
    assert found.raw == Marks(49.17, 50.0, 47.25, 50.0)
    assert found.display == Marks(89.83, 90.0, 89.45, 90.0)
    assert found.average_confidence == 0.4725


def test_the_feedback_of_the_documented_example() -> None:
    """GT-01, RS-057, RS-058."""
    found = feedback(REFERENCE, SPOKEN, align(REFERENCE, SPOKEN))
    assert (found.missing_words, found.extra_words) == (["เรา", "จะ"], [])
    assert found.substitutions == [("ภาษาไทย", "ภาษาใจ")]
    assert focus_words(REFERENCE, CONFIDENCES, below=0.5) == ["เรา", "จะ", "ภาษาไทย"]


def test_a_perfect_read() -> None:
    """GT-02."""
    found = scored(REFERENCE, REFERENCE, [0.8733] * 6)
    assert found.raw == Marks(96.2, 100.0, 87.33, 100.0)
    assert found.display == Marks(99.24, 100.0, 97.47, 100.0)


@pytest.mark.parametrize("confidences", [None, [0.1999] * 6, []], ids=["none", "weak", "no word"])
def test_without_pronunciation_the_text_alone_counts(confidences: list[float] | None) -> None:
    """GT-03, RS-033, RS-038, RS-039."""
    found = scored(REFERENCE, SPOKEN, confidences)
    assert found.raw == Marks(50.0, 50.0, None, 50.0)
    assert found.display == Marks(90.0, 90.0, None, 90.0)


def test_the_weakest_average_that_counts() -> None:
    """RS-039: 0.2 is not below 0.2, whatever the floats of its sum; and the limit is the caller's."""
    pairs = align(REFERENCE, SPOKEN)
    assert score(pairs, 6, 4, [0.1, 0.3, 0.1, 0.3, 0.1, 0.3], weak_below=0.2).raw.pronunciation == 20.0
    assert score(pairs, 6, 4, [0.3] * 6, weak_below=0.4).raw.pronunciation is None
    assert score(pairs, 6, 4, [0.3] * 6, weak_below=0.4).average_confidence == 0.3


def test_ties_of_the_alignment_cost_no_score() -> None:
    """GT-05."""
    reference = ["สวัสดี", "ครับ", "วันนี้", "เรา", "จะ", "เรียน", "ภาษาไทย"]
    cut = scored(reference, ["สวัสดี", "ครับ", "วันนี้", "เรียน", "ภาษา", "ใจ"])
    whole = scored(reference, ["สวัสดี", "ครับ", "วันนี้", "เรียน", "ภาษาใจ"])
    assert (cut.raw.text_accuracy, cut.raw.levenshtein_similarity) == (57.14, 42.86)
    assert (whole.raw.text_accuracy, whole.raw.levenshtein_similarity) == (57.14, 57.14)
    assert (cut.counts.distance, whole.counts.distance) == (4, 3)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [(0.0, 80.0), (12.35, 82.47), (33.33, 86.67), (66.67, 93.33), (100.0, 100.0), (-1, 80), (101, 100)],
)
def test_display_values(raw: float, shown: float) -> None:
    """GT-09, RS-034, RS-037, RS-040."""
    assert display(raw) == shown


@pytest.mark.parametrize(("size", "raw", "shown"), [(3, 33.33, 86.67), (8, 12.5, 82.5), (7, 14.29, 82.86)])
def test_raw_values_are_rounded_first(size: int, raw: float, shown: float) -> None:
    """GT-09, RS-037: one word of several."""
    found = scored(list("abcdefgh")[:size], ["a"])
    assert (found.raw.text_accuracy, found.display.text_accuracy) == (raw, shown)


def test_nothing_said_scores_nothing() -> None:
    """RS-035."""
    assert Marks(0.0, 0.0, 0.0, 0.0) == NOTHING_SAID


def test_words_of_unknown_pronunciation_are_not_flagged() -> None:
    """RS-058."""
    assert focus_words(["a", "b", "c"], [None, 0.5, 0.49], below=0.5) == ["c"]
    assert focus_words(["a", "b"], [0.5, 0.6], below=0.55) == ["a"]


def test_extra_words_are_told() -> None:
    """RS-057: in the order they were said."""
    found = feedback(["a", "b"], ["x", "a", "b", "y"], align(["a", "b"], ["x", "a", "b", "y"]))
    assert (found.missing_words, found.extra_words, found.substitutions) == ([], ["x", "y"], [])


@given(some_tokens, tokens)
def test_counts_add_up(reference: list[str], spoken: list[str]) -> None:
    """RS-056."""
    found = count(align(reference, spoken))
    assert found.correct + found.missing + found.substitution == len(reference)
    assert found.correct + found.extra + found.substitution == len(spoken)


@given(some_tokens, tokens, st.data())
def test_a_word_put_right_lowers_no_score(
    reference: list[str], spoken: list[str], data: st.DataObject
) -> None:
    """RS-030, RS-031, RS-033: whether it was missing, extra or another."""
    pairs = align(reference, spoken)
    wrong = [place for place, pair in enumerate(pairs) if pair.status != Status.CORRECT]
    assume(wrong)
    chosen = data.draw(st.sampled_from(wrong))
    better = [
        reference[pair.reference]
        if place == chosen and pair.reference is not None
        else spoken[pair.spoken or 0]
        for place, pair in enumerate(pairs)
        if (pair.reference if place == chosen else pair.spoken) is not None
    ]
    before, after = scored(reference, spoken).raw, scored(reference, better).raw
    assert after.text_accuracy > before.text_accuracy or pairs[chosen].status == Status.EXTRA
    assert after.text_accuracy >= before.text_accuracy
    assert after.levenshtein_similarity >= before.levenshtein_similarity
    assert after.overall >= before.overall
