"""Comparing Thai captions (ASR-043..045)."""

from __future__ import annotations

import pytest

from loadtests.transcripts import Token, character_errors, found_in, normalised, tokens


def test_spacing_and_punctuation_do_not_count() -> None:
    """ASR-045: 'สวัสดีครับ วันนี้' and 'สวัสดีครับวันนี้.' are the same caption."""
    assert normalised("สวัสดีครับ วันนี้.") == normalised("สวัสดีครับวันนี้") == "สวัสดีครับวันนี้"


def test_character_errors_count_edits_against_the_reference() -> None:
    """ASR-045: one tone mark lost of nine characters."""
    assert character_errors("แม่ไปตลาด", "แมไป ตลาด") == (pytest.approx(1), 9)


def test_unspaced_thai_is_cut_into_words() -> None:
    """ASR-043: without segments the words have no times."""
    assert tokens({"text": "แมวกินปลา"}) == [Token("แมว", None), Token("กิน", None), Token("ปลา", None)]


def test_words_share_the_time_of_their_segment_by_letters() -> None:
    """ASR-045: segments are in seconds."""
    event = {"text": "แมวกินปลา", "segments": [{"start": 1.0, "end": 1.9, "text": "แมวกินปลา"}]}
    assert [token.end_ms for token in tokens(event)] == pytest.approx([1300, 1600, 1900])


def test_words_are_found_in_order() -> None:
    """ASR-044: alignment, not membership: a word said once is not found twice."""
    a, b = Token("มาก", None), Token("ดี", None)
    assert found_in([b, a, a], [b, a]) == {0, 1}
