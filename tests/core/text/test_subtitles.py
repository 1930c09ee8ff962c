"""Subtitles from timed words: VP-002, OAI-003."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve_app.core.text.subtitles import (
    LINE,
    LONGEST_S,
    PAUSE_S,
    SHORTEST_S,
    columns,
    continuation,
    subrip,
    subtitle_segments,
    webvtt,
)
from serve_app.core.text.thai import caption_line, clean
from serve_app.engines import Word


@dataclass
class Shown:
    """Words of one subtitle."""

    words: Sequence[Word]


def said(text: str, start: float = 0.0, each: float = 0.3, gap: float = 0.0) -> list[Word]:
    """Words one after the other."""
    step = each + gap
    return [Word(w, start + i * step, start + i * step + each, 1.0) for i, w in enumerate(text.split())]


def texts(words: Sequence[Word]) -> list[str]:
    return [caption_line(run) for run in subtitle_segments(words)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (said("Yes. No! Why? Well… so"), ["Yes.", "No!", "Why?", "Well…", "so"]),
        (said('He said "yes." Then he left.'), ['He said "yes."', "Then he left."]),
        (said("你好。 再见！"), ["你好。", "再见！"]),
        (said("3.14 is pi, they say"), ["3.14 is pi, they say"]),
        (said("one two") + said("three", start=1.2), ["one two", "three"]),
        (said("one two") + said("three", start=0.6 + PAUSE_S - 0.01), ["one two three"]),
        ([], []),
    ],
)
def test_a_segment_ends_with_a_sentence_or_at_a_pause(words: list[Word], expected: list[str]) -> None:
    """VP-002."""
    assert texts(words) == expected


def test_a_full_subtitle_is_cut_after_a_clause() -> None:
    """OAI-003: in its second half, so that no single word is left over."""
    spoken = said(
        "when all of them had finally come home from the long walk, we sat down at the table to eat"
    )
    assert texts(spoken) == [
        "when all of them had finally come home from the long walk,",
        "we sat down at the table to eat",
    ]


def test_a_full_subtitle_without_clauses_is_cut_at_its_longest_gap() -> None:
    """OAI-003: Thai has no commas; speakers pause."""
    first = said("โรงเรียน ของ เรา มี ต้นไม้ ใหญ่ อยู่ หลาย ต้น " * 2, each=0.1)
    second = said("นักเรียน ทุก คน ช่วย กัน รด น้ำ " * 2, start=first[-1].end + 0.2, each=0.1)
    assert texts(first + second)[0] == caption_line(first)


def test_what_is_left_of_a_full_subtitle_fits_the_next() -> None:
    """OAI-003: the longest gap is no place to cut when three lines would follow it."""
    spoken = said("a b c", each=0.1) + said("d " + " ".join(["x" * 25] * 3), start=0.6, each=0.5)
    assert texts(spoken) == [f"a b c d {'x' * 25} {'x' * 25}", "x" * 25]


def test_a_long_subtitle_is_cut() -> None:
    """OAI-003: nothing is on the screen for more than seven seconds; a single word cannot be cut."""
    slow = said("a b c d e f g h", each=1.5)
    assert all(run[-1].end - run[0].start <= LONGEST_S for run in subtitle_segments(slow))
    assert texts(said("Aaaah", each=30.0)) == ["Aaaah"]


SCRIPTS = st.sampled_from(["abcdefghij", "กขคงจ", "你好世界", "ກຂຄ", "한국어"])
TEXTS = SCRIPTS.flatmap(lambda letters: st.text(letters, min_size=1, max_size=12))
ENDINGS = st.sampled_from(["", "", "", ",", ".", "。"])


@st.composite
def speech(draw: st.DrawFn) -> list[Word]:
    """Words in order that do not overlap."""
    now, words = 0.0, []
    for text in draw(st.lists(st.builds(str.__add__, TEXTS, ENDINGS), max_size=40)):
        start = now + draw(st.sampled_from([0.0, 0.0, 0.1, 0.35, 0.7]))
        now = start + draw(st.floats(0.05, 2.0))
        words.append(Word(text, round(start, 3), round(now, 3), 1.0))
    return words


@given(speech())
def test_every_word_is_in_one_segment_that_fits(words: list[Word]) -> None:
    """VP-002, OAI-003: nothing is lost; two lines and seven seconds hold each segment of several words."""
    runs = list(subtitle_segments(words))
    assert [word for run in runs for word in run] == words
    for run in runs:
        assert run
        assert len(run) == 1 or run[-1].end - run[0].start <= LONGEST_S
        assert all(right.start - left.end < PAUSE_S for left, right in pairwise(run))
        lines = subrip([Shown(run)]).splitlines()[2:]
        lines = lines[: lines.index("")]
        assert len(lines) <= 2
        assert all(columns(line) <= LINE for line in lines)


@given(speech())
def test_segments_add_up_to_the_whole_text(words: list[Word]) -> None:
    """OAI-004: what each segment adds to the text before it makes the text of all words."""
    text, before = "", None
    for run in subtitle_segments(words):
        text, before = text + continuation(before, run), run[-1]
    assert text == caption_line(words)


@given(speech())
def test_subtitles_are_in_order_and_can_be_read(words: list[Word]) -> None:
    """OAI-003: none ends before it starts or when the next has come; short ones stay as long as they may."""
    file = webvtt([Shown(run) for run in subtitle_segments(words)])
    spans = [tuple(map(seconds, line.split(" --> "))) for line in file.splitlines() if " --> " in line]
    for (start, end), (following, _) in pairwise([*spans, (float("inf"), 0.0)]):
        assert start < end
        assert end <= following or words_overlap(words)
        assert end - start >= min(SHORTEST_S, following - start) - 2e-3


def words_overlap(words: list[Word]) -> bool:
    return any(right.start < left.end for left, right in pairwise(words))


def seconds(clock: str) -> float:
    hours, minutes, rest = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def test_subrip() -> None:
    """OAI-003: numbered from one, a comma before the milliseconds, two lines of like length."""
    shown = [
        Shown(said("Good morning.", start=3599.9996)),
        Shown(said("this line is too long for one line of a screen so it has two", start=3661.5, each=0.2)),
    ]
    assert subrip(shown) == (
        "1\n01:00:00,000 --> 01:00:00,833\nGood morning.\n\n"
        "2\n01:01:01,500 --> 01:01:04,500\nthis line is too long for one\nline of a screen so it has two\n\n"
    )
    assert subrip([]) == ""


def test_webvtt() -> None:
    """OAI-003: a header, a point before the milliseconds, and no markup of the speaker's."""
    shown = [Shown(said("1 < 2 & <b> -->", start=0.25, each=0.5))]
    assert webvtt(shown) == "WEBVTT\n\n00:00:00.250 --> 00:00:03.250\n1 &lt; 2 &amp; &lt;b&gt; --&gt;\n\n"
    assert webvtt([]) == "WEBVTT\n\n"


def test_a_subtitle_without_length_is_seen() -> None:
    """OAI-003: WebVTT forbids a cue that ends when it starts."""
    at_once = [Shown([Word("a", 1.0, 1.0, 1.0)]), Shown([Word("b", 1.0, 1.0, 1.0)])]
    assert re.findall(r"--> (\S+)", webvtt(at_once)) == ["00:00:01.001", "00:00:01.833"]


def test_columns() -> None:
    """OAI-003: tone marks stand above their letter; ideographs are wide."""
    assert [columns(text) for text in ("abc", "น้ำ", "你好", "한", clean("é"))] == [3, 2, 4, 2, 1]
