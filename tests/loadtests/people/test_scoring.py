"""Errors of one recording, by hand (ASR-045)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.people.normalisation import characters, words
from loadtests.people.scoring import Score, score


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("Don't stop -- NOW!", "dont stop now"),
        ("a well-known man", "A well known man."),
        ("mister Dashwood, ten of clubs", "Mr. Dashwood, 10 of clubs"),
        ("twenty one", "21"),
        ("at 3.5 and 1,250", "at 3.5 and 1,250"),
    ],
)
def test_english_is_compared_as_it_is_said(said: str, heard: str) -> None:
    """ASR-045: case, punctuation, titles and small numbers are no mistakes."""
    assert words(said, "en") == words(heard, "en")
    assert score(said, heard, "en").word_errors == 0


def test_large_numbers_are_compared_as_written() -> None:
    """ASR-045: half a number is not spelled."""
    assert words("in 1950, 10:30 or 3.5", "en") == ("in", "1950", "1030", "or", "35")


def test_thai_is_compared_as_it_is_read() -> None:
    """ASR-045: digits are words, spaces are nobody's mistake, one letter has one spelling."""
    assert characters("ห้อง 10", "th") == characters("ห้องสิบ", "") == "ห้องสิบ"
    assert characters("น\u0e4d\u0e32", "th") == characters("นำ", "th")


@pytest.mark.parametrize(
    ("said", "heard", "errors", "inserted"),
    [
        ("the cat sat", "the cat sat", 0, 0),
        ("the cat sat", "the bat sat down", 2, 1),
        ("the cat sat", "", 3, 0),
        ("yes", "yes yes yes yes", 3, 3),
    ],
)
def test_word_errors(said: str, heard: str, errors: int, inserted: int) -> None:
    """ASR-045: substituted, missing and inserted ones; a loop counts more errors than there are words."""
    found = score(said, heard, "en")
    assert (found.words, found.word_errors, found.inserted) == (len(said.split()), errors, inserted)
    assert found.units == found.words


def test_scripts_without_spaces_have_characters_only() -> None:
    """ASR-045: one tone mark lost, two letters made up, and a space that counts nothing."""
    assert score("แม่ไปตลาด", "แมไป ตลาดนะ", "th") == Score(0, 0, 9, 3, 2)
    assert score("五十円", "5十円", "ja") == Score(0, 0, 3, 1, 0)


def test_korean_has_words() -> None:
    """ASR-045: Hangul is written with spaces."""
    assert score("조금만 생각을", "조금만 생각은", "ko") == Score(2, 1, 6, 1, 0)


@given(st.text("ab ก1-'.", max_size=30))
def test_a_text_is_itself(text: str) -> None:
    """ASR-045: whatever is written."""
    found = score(text, text, "")
    assert (found.word_errors, found.character_errors, found.inserted) == (0, 0, 0)
