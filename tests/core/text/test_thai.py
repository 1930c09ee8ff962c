"""Caption lines: ASR-043, ASR-045, ASR-048."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve_app.core.text.thai import Segment, caption_line, clean, segments
from serve_app.engines import Word


def words(*texts: str, gap: float = 0.0) -> list[Word]:
    step = 0.5 + gap
    return [Word(text, i * step, i * step + 0.5, 1.0) for i, text in enumerate(texts)]


def test_thai_is_written_together_and_other_scripts_are_not() -> None:
    """ASR-043."""
    assert caption_line(words("สวัสดี", "ครับ")) == "สวัสดีครับ"
    assert caption_line(words("ใช้", "iPhone", "15", "ครับ")) == "ใช้ iPhone 15 ครับ"
    assert caption_line(words("good", "morning", ",", "ครับ")) == "good morning, ครับ"
    assert caption_line(words("เร็ว", "ๆ", "ดี")) == "เร็วๆดี"


@pytest.mark.parametrize(
    ("texts", "line"),
    [
        (["你好", "，", "世界", "。", "我们"], "你好，世界。我们"),
        (["今日", "は", "カメラ", "「", "本", "」", "です"], "今日はカメラ「本」です"),
        (["ສະບາຍ", "ດີ", "ໆ"], "ສະບາຍດີໆ"),
        (["សួស្តី", "អ្នក", "។"], "សួស្តីអ្នក។"),
        (["မင်္ဂလာ", "ပါ", "။"], "မင်္ဂလာပါ။"),
        (["안녕", "하세요"], "안녕 하세요"),
        (["我", "有", "iPhone", "手机"], "我有 iPhone 手机"),
        (["ไทย", "ລາວ"], "ไทย ລາວ"),
    ],
)
def test_other_scripts_without_spaces(texts: list[str], line: str) -> None:
    """VP-002: Chinese, Japanese, Lao, Khmer and Burmese words are written together; Korean ones are not."""
    assert caption_line(words(*texts)) == line


def test_a_pause_is_no_space_where_there_are_commas() -> None:
    """VP-002: Lao phrases are set apart as in Thai; Chinese knows no space at all."""
    assert caption_line(words("ສະບາຍ", "ດີ", gap=0.5)) == "ສະບາຍ ດີ"
    assert caption_line(words("你好", "世界", gap=0.5)) == "你好世界"


def test_a_pause_is_a_space() -> None:
    """ASR-045: as in the documented final."""
    assert caption_line(words("สวัสดีครับ", "นี่คือ", gap=0.3)) == "สวัสดีครับ นี่คือ"


def test_one_spelling_per_word() -> None:
    """ASR-043: decomposed sara am, doubled sara e and zero-width marks are mended; empty words vanish."""
    assert caption_line(words("น\u0e4d\u0e32", "เเ\u200bม่", " ไป ", "\u200b")) == "นำแม่ไป"


def test_segments_split_at_long_silences_and_stay_in_the_audio() -> None:
    """ASR-048: no segment ends after the audio."""
    spoken = [Word("ก", 0.1, 0.5, 1), Word("ข", 0.5, 0.9, 1), Word("ค", 2.5, 3.4, 1)]
    assert segments(spoken, 3.0) == [Segment(0.1, 0.9, "กข"), Segment(2.5, 3.0, "ค")]
    assert segments([], 1.0) == []


times = st.floats(-1, 20, allow_nan=False)


@given(st.lists(st.builds(Word, st.text(max_size=4), times, times, st.just(1.0)), max_size=20), times)
def test_a_longer_prefix_extends_the_line(spoken: list[Word], duration: float) -> None:
    """ASR-044: the line of a grown prefix begins with the line before; ASR-048: times stay inside."""
    for count in range(len(spoken)):
        assert caption_line(spoken[: count + 1]).startswith(caption_line(spoken[:count]))
    for segment in segments(spoken, max(duration, 0.0)):
        assert 0.0 <= segment.start <= max(duration, 0.0) + 5e-4
        assert segment.end <= max(duration, 0.0) + 5e-4


def test_a_tone_mark_inside_sara_am_is_put_before_it() -> None:
    """ASR-048, RS-087: น้ำ typed as น, ํ, ้, า or น, ้, ํ, า is one word."""
    for typed in ("น\u0e4d\u0e49\u0e32", "น\u0e49\u0e4d\u0e32", "น\u0e49\u0e33"):
        assert clean(typed) == "น\u0e49\u0e33"
