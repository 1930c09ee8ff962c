"""Lists of recordings, and what is wrong with them (VP-004)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loadtests.people.manifest import LabelledRecording, ManifestError, read_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With two files; what is in them is not looked at yet."""
    for name in ("a.wav", "b.wav"):
        (tmp_path / name).write_bytes(b"RIFF")
    return tmp_path


def written(folder: Path, text: str, name: str = "list.jsonl") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_any_spelling_of_a_language_is_its_code(folder: Path) -> None:
    """VP-004: fields that are not known are for choosing."""
    lines = [
        {
            "file": "a.wav",
            "text": "Hello",
            "language": "English",
            "speaker": "7",
            "group": "child",
            "split": "x",
        },
        {"file": "b.wav", "text": "สวัสดี", "language": "tha", "speaker": 8, "split": "y"},
    ]
    path = written(folder, "\n".join(map(json.dumps, lines)) + "\n\n")
    first = LabelledRecording(folder / "a.wav", "Hello", "en", "7", "child")
    second = LabelledRecording(folder / "b.wav", "สวัสดี", "th", "8", "")
    assert read_manifest(path, {}) == [first, second]
    assert read_manifest(path, {"split": "y"}) == [second]


@pytest.mark.parametrize(("name", "mark"), [("list.csv", ","), ("list.TSV", "\t")])
def test_tables_of_spreadsheets(folder: Path, name: str, mark: str) -> None:
    """VP-004: with a mark of byte order, quoted commas, and cells that are left out at the end."""
    head, row = mark.join(("file", "text", "language")), mark.join(("a.wav", '"Yes, please"'))
    path = written(folder, f"\ufeff{head}\r\n{row}\r\n", name)
    assert read_manifest(path, {}) == [LabelledRecording(folder / "a.wav", "Yes, please")]


def test_everything_wrong_is_told_with_line_and_field(folder: Path) -> None:
    """VP-004: at once, and before anything runs."""
    lines = [
        {"file": "a.wav", "text": "ok"},
        {"file": "gone.wav", "text": "ok"},
        {"text": "ok"},
        {"file": "a.wav", "text": " ?! "},
        {"file": "a.wav", "text": "ok", "language": "klingon"},
    ]
    with pytest.raises(ManifestError) as told:
        read_manifest(written(folder, "\n".join(map(json.dumps, lines))), {})
    assert str(told.value).split("\n") == [
        f"line 2, file: there is no {folder / 'gone.wav'}",
        "line 3, file: it is missing",
        "line 4, text: it has no letter and no digit",
        "line 5, language: 'klingon' is not known",
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"file": "a.wav"', "line 1: it is not JSON"),
        ('\n["a.wav"]', "line 2: it is not an object with file and text"),
        ("", "no recording to measure"),
    ],
)
def test_what_is_no_manifest(folder: Path, text: str, why: str) -> None:
    """VP-004: for whoever wrote it."""
    with pytest.raises(ManifestError, match=why):
        read_manifest(written(folder, text), {})


def test_a_manifest_is_utf_8(folder: Path) -> None:
    """VP-004: spreadsheets also save in the code page of their machine."""
    path = folder / "list.csv"
    path.write_bytes("file,text\na.wav,été".encode("latin-1"))
    with pytest.raises(ManifestError, match="not UTF-8"):
        read_manifest(path, {})
