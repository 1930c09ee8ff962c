"""Words that a recogniser lost in a reading: RS-084."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve_app.core.reading.gaps import (
    FRAME_S,
    OVERLAP_S,
    WINDOW_S,
    found,
    has_gaps,
    kept_frames,
    merged,
    placed,
    truncated,
    windows,
)
from serve_app.engines import Word

COUNT = 312
"""Frames of 10 s."""
letters = st.lists(st.sampled_from("กขค"), max_size=8)


def words(text: str, start: float = 0.0, each: float = 0.4) -> list[Word]:
    return [Word(w, start + i * each, start + (i + 1) * each, 0.9) for i, w in enumerate(text.split())]


def voice(*spans: tuple[float, float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    middles = (np.arange(COUNT) + 0.5) * FRAME_S
    inside = np.array([(middles >= start) & (middles < end) for start, end in spans]).any(axis=0)
    return np.where(inside, 0.9, 0.01)


@given(letters, letters)
def test_found_is_the_longest_common_subsequence(spoken: list[str], reference: list[str]) -> None:
    """RS-084: against the textbook table."""
    table = np.zeros((len(spoken) + 1, len(reference) + 1), int)
    for i, said in enumerate(spoken):
        for j, expected in enumerate(reference):
            longest = max(table[i, j + 1], table[i + 1, j])
            table[i + 1, j + 1] = table[i, j] + 1 if said == expected else longest
    assert found(spoken, reference) == table[-1, -1]


def test_voice_without_words_is_a_gap() -> None:
    """RS-084: between words, before the first and after the last; a short one or a silent one is none."""
    regions, probabilities = [(1.0, 2.0), (3.0, 5.0)], voice((1.0, 2.0), (3.0, 5.0))
    assert has_gaps(words("แม่ ไป", 1.0), regions, probabilities)
    assert has_gaps(words("แม่ ไป", 4.0), regions, probabilities)
    assert has_gaps([], regions, probabilities)
    read = words("แม่ ไป", 1.0) + words("ตลาด ซื้อ ผลไม้ กลับ บ้าน", 3.0)
    assert not has_gaps(read, regions, probabilities)
    assert not has_gaps([word for word in read if word.text != "ซื้อ"], regions, probabilities)


def test_regions_far_apart_are_a_gap_and_one_region_has_none() -> None:
    """RS-084: a silence of two seconds, whatever was heard; one region would be decoded as it was before."""
    read = words("แม่ ไป", 1.0) + words("ตลาด ซื้อ", 5.0)
    assert has_gaps(read, [(1.0, 1.8), (5.0, 5.8)], voice((1.0, 1.8), (5.0, 5.8)))
    assert not has_gaps([], [(1.0, 6.0)], voice((1.0, 6.0)))


def test_the_copy_keeps_all_voice_and_short_silences() -> None:
    """RS-084: 0.3 s on both sides of each region, to the frame."""
    kept = kept_frames([(1.0, 2.0), (2.5, 3.0), (8.0, 9.95)], COUNT)
    assert [int(i) for i in kept] == [*range(21, 104), *range(240, COUNT)]


def test_words_of_the_copy_go_back_to_their_time() -> None:
    """RS-084: with their middle, so that none is torn over a silence that was cut out."""
    kept = kept_frames([(1.0, 2.0), (8.0, 9.0)], COUNT)
    copied = list(kept).index(round(8.0 / FRAME_S)) * FRAME_S
    assert placed(Word("แม่", copied, copied + 0.4, 0.9), kept) == Word("แม่", 8.0, 8.4, 0.9)
    before = placed(Word("ไป", copied - 0.8, copied - 0.2, 0.9), kept)
    assert before.end - before.start == pytest.approx(0.6)
    last = placed(Word("ไป", 99.0, 99.4, 0.9), kept)
    assert last.end - last.start == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("spoken", "expected"),
    [("แม่ไป", True), ("ไปตลาด", True), ("ม่ไปตล", True), ("แม่ไปตลาด", False), ("แม่ตลาด", False), ("", False)],
)
def test_a_strict_slice(spoken: str, expected: bool) -> None:
    """RS-084: cut inside a word too; not the whole, not with a hole in it, not nothing."""
    assert truncated(spoken, "แม่ไปตลาด") is expected


@given(st.floats(0, 500), st.floats(0.1, 600))
def test_windows_cover_all_voice(start: float, seconds: float) -> None:
    """RS-084: overlapping, with room before the first word and after the last."""
    spans = list(windows([(start, start + seconds)]))
    assert spans[0][0] == pytest.approx(start - OVERLAP_S / 2)
    assert spans[-1][1] >= start + seconds + OVERLAP_S / 2 - 1e-6
    assert all(after[0] == pytest.approx(before[1] - OVERLAP_S) for before, after in pairwise(spans))
    assert all(end - begin == pytest.approx(WINDOW_S) for begin, end in spans)


def test_windows_without_voice_are_left_out() -> None:
    """RS-084: they would cost a decode for nothing."""
    assert [span[0] for span in windows([(1.0, 2.0), (21.0, 22.0)])] == [0.0, 16.0, 20.0]


def test_windows_meet_at_a_word_that_both_heard() -> None:
    """RS-084: what either lost at its border the other has, and no word is told twice."""
    text = "แม่ ไป ตลาด ซื้อ ผลไม้ กลับ บ้าน"
    whole = words(text)
    assert merged(whole[:5], whole[2:], (0.8, 2.0)) == whole
    shifted = [Word(w.text, w.start + 0.1, w.end + 0.1, w.confidence) for w in whole[2:]]
    assert [word.text for word in merged(whole[:5], shifted, (0.8, 2.0))] == text.split()


def test_repeated_words_stay_as_many_as_were_said() -> None:
    """RS-084: a pupil who says a word twice."""
    whole = words("ไป ไป ไป ไป ไป ไป")
    assert merged(whole[:4], whole[2:], (0.8, 1.6)) == whole


def test_windows_that_agree_on_nothing_meet_in_the_middle() -> None:
    """RS-084: a word cut in two by a border is told once."""
    before, after = words("แม่ ไป ตลาด"), words("หมา", 1.0, each=0.5) + words("บ้าน", 1.5)
    assert merged(before, after, (0.8, 1.2)) == [*before[:2], *after]
    assert merged([], after, (0.8, 1.2)) == after
    assert merged(before, [], (5.0, 5.5)) == before
