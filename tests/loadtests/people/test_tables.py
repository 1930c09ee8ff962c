"""Rows of results (ASR-045)."""

from __future__ import annotations

from pathlib import Path

from loadtests.people.manifest import LabelledRecording
from loadtests.people.recogniser import Heard
from loadtests.people.scoring import score
from loadtests.people.tables import RATES_HEAD, Result, rate_rows, tables
from loadtests.report import Cell

IMPLS = {"tiny": "tiny-1"}


def result(
    said: str, heard: str, language: str = "en", speaker: str = "", group: str = "", **told: str
) -> Result:
    recording = LabelledRecording(Path("a.wav"), said, language, speaker, group)
    answer = Heard(heard, told.get("found", language), 30.0, 3.0, told.get("refusal", ""))
    return Result("tiny", recording, answer, score(said, heard, language))


def only(results: list[Result]) -> dict[str, Cell]:
    (row,) = rate_rows(results, IMPLS)
    return dict(zip(RATES_HEAD, row, strict=True))


def test_rates_are_sums_over_recordings() -> None:
    """ASR-045: a long recording counts for what it is; the figures by hand."""
    row = only([result("one two three", "one two three"), result("four", "five six"), result("seven", "")])
    assert (row["recordings"], row["speakers"], row["minutes"], row["empty"]) == (3, None, 1.5, 1)
    assert (row["WER"], row["inserted"], row["real time"]) == (3 / 5, 1 / 5, 0.1)
    assert (row["engine"], row["impl"], row["drawn"]) == ("tiny", "tiny-1", "recordings")


def test_speakers_are_drawn_where_there_are_several() -> None:
    """ASR-045: the recordings of one person are alike, so that more of them make nothing surer."""
    few = [result("a b", "a b", speaker="1"), result("a b", "c d", speaker="2")]
    row = only(few * 50)
    assert (row["speakers"], row["drawn"], row["WER"], row["WER 95 %"]) == (2, "speakers", 0.5, "0.000-1.000")
    alone = only([result("a b", "a b", speaker="1"), result("a b", "c d", speaker="1")] * 50)
    assert (alone["speakers"], alone["drawn"]) == (1, "recordings")
    assert alone["WER 95 %"] != "0.000-1.000"


def test_one_recording_has_no_interval() -> None:
    """ASR-045: there is nothing to draw."""
    assert only([result("a b", "a c")])["WER 95 %"] is None


def test_thai_has_no_words() -> None:
    """ASR-045: no space says where one ends."""
    row = only([result("แม่", "แม", "th"), result("ไป", "ไป", "th")])
    assert (row["WER"], row["WER 95 %"], row["CER"]) == (None, None, 1 / 5)


def test_groups_stand_before_all_of_a_language() -> None:
    """ASR-045: a language of one group needs no sum."""
    results = [
        result("a", "a", group="child"),
        result("a", "b", group="adult"),
        result("แม่", "แม่", "th"),
    ]
    rows = rate_rows(results, IMPLS)
    assert [row[2:5] for row in rows] == [
        ("en", "adult", 1),
        ("en", "child", 1),
        ("en", "all", 2),
        ("th", "-", 1),
    ]


def test_refused_recordings_are_no_errors() -> None:
    """ASR-045: they are counted, with the reason, and nothing else is counted of them."""
    results = [result("a", "a"), result("b", "", refusal="HTTP 400")]
    row = only(results)
    assert (row["recordings"], row["WER"], row["empty"], row["refused"]) == (1, 0, 0, 1)
    assert tables(results, IMPLS, detected=False)["refused"][1] == [("tiny", 1, "HTTP 400")]
    assert only(results[1:])["WER"] is None


def test_languages_found_are_counted_by_what_was_said() -> None:
    """VP-004: which is taken for which."""
    results = [result("a", "a"), result("a", "а", found="ru"), result("แม่", "", "th", found="")]
    head, rows = tables(results, IMPLS, detected=True)["languages found"]
    assert head == ("engine", "said", "nothing", "en", "ru")
    assert rows == [("tiny", "en", 0, 1, 1), ("tiny", "th", 1, 0, 0)]
