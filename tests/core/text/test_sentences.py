"""Long texts in pieces, their language, and names fit for a path: OAI-007, TTS-021."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve_app.core.fields import one_line
from serve_app.core.names import slug
from serve_app.core.text.sentences import pieces
from serve_app.core.text.spoken_text import language_of
from serve_app.errors import InvalidRequest


@pytest.mark.parametrize(
    ("text", "longest", "found"),
    [
        (
            "Good morning, everybody. Shall we begin now? Yes.",
            200,
            ["Good morning, everybody.", "Shall we begin now?", "Yes."],
        ),
        ("No. It is 3.5 degrees at 9 a.m.x today.", 200, ["No. It is 3.5 degrees at 9 a.m.x today."]),
        ("A heading\n\nThen a paragraph begins.", 200, ["A heading", "Then a paragraph begins."]),
        (
            "你好，今天我们学习中文，请大家打开课本。好吗？好。",
            30,
            ["你好，今天我们学习中文，请大家打开课本。", "好吗？好。"],
        ),
        ("one two three, four five six", 20, ["one two three,", "four five six"]),
        ("one two three four five six", 20, ["one two three four", "five six"]),
        ("*** !!! ... Good morning, children. ***", 200, ["*** !!! ... Good morning, children."]),
        ("ภาษาไทย" * 4, 17, ["ภาษาไทยภาษาไทย", "ภาษาไทยภาษาไทย"]),
        ("a" * 45, 20, ["a" * 19, "a" * 19, "a" * 7]),
    ],
)
def test_pieces(text: str, longest: int, found: list[str]) -> None:
    """OAI-007: sentences; a long one is cut after a clause, at a space, between words, or anywhere."""
    assert pieces(text, language_of(text), longest=longest) == found


@given(
    st.text(
        st.characters(codec="latin-1", categories=["L", "N", "P", "Z"]) | st.sampled_from(" .!?,。\u0301a\n"),
        max_size=400,
    )
)
def test_no_letter_is_lost(text: str) -> None:
    """OAI-007: whatever is written, each piece fits, and together they say all of it in its order."""
    found = pieces(text, "en", longest=50)
    assert all(0 < len(piece) <= 50 for piece in found)
    said = [letter for letter in one_line(text) if letter.isalnum()]
    assert [letter for piece in found for letter in piece if letter.isalnum()] == said


def test_what_the_language_cannot_say_is_left_out() -> None:
    """OAI-007, TTS-030: a sentence in another script would end the speech in the middle."""
    text = "Good morning, everybody here. អរុណសួស្តី អរុណសួស្តី អរុណសួស្តី. Shall we begin our lesson now?"
    assert pieces(text, "en", longest=200) == [
        "Good morning, everybody here.",
        "Shall we begin our lesson now?",
    ]


def test_thai_comes_in_words() -> None:
    """OAI-007, TTS-029: no cut parts a number from what it is."""
    found = pieces("ถ้าเกิดเหตุฉุกเฉินให้โทร. 1669", "th", longest=200)
    assert found == ["ถ้าเกิดเหตุฉุกเฉินให้โทร.", "หนึ่งหกหกเก้า"]


def test_a_hostile_text_is_cut_in_a_moment() -> None:
    """OAI-007: no run of marks makes the cutting quadratic: each of these is one or a few pieces."""
    assert pieces("." * 4096 + "a", "en", longest=5000) == ["." * 4096 + "a"]
    assert len(pieces("a" + "\u0301" * 4000, "en", longest=200)) == 1
    assert len("".join(pieces("ก่" * 2000, "th", longest=200))) == 4000


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hello there, 5 pm.", "en"),
        ("Say สวัสดี to everyone", "th"),
        ("ສະບາຍດີ", "lo"),
        ("안녕하세요 hello", "ko"),
        ("日本語を話します", "ja"),
        ("カタカナ", "ja"),
        ("你好，世界", "zh"),
        ("Xin chào các bạn", "vi"),
        ("Đi đâu?", "vi"),
        ("Xin cha\u0300o ca\u0301c ba\u0323n", "vi"),
        ("Où êtes-vous, señor?", "en"),
        ("12345", "en"),
    ],
)
def test_the_language_of_a_script(text: str, language: str) -> None:
    """OAI-009."""
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("thai_flashcard_female", "thai_flashcard_female"),
        ("My voice (2).final", "My_voice_2_final"),
        ("../../etc/passwd", "etc_passwd"),
        ("Élodie Müller", "Elodie_Muller"),
        ("x" * 100, "x" * 64),
        ("a\x00b", "a_b"),
    ],
)
def test_slugs(name: str, found: str) -> None:
    """TTS-021, OUT-002."""
    assert slug(name, field="name") == found


@given(st.text())
def test_a_slug_is_fit_for_a_path(name: str) -> None:
    """TTS-021: or the name is refused."""
    with suppress(InvalidRequest):
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", slug(name, field="name"))


def test_a_name_without_a_letter() -> None:
    """TTS-021: the field is named."""
    for name in ("", "...", "เสียง", "_-_"):
        with pytest.raises(InvalidRequest, match=r"^name:"):
            slug(name, field="name")
