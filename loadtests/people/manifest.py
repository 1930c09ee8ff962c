"""The list of a user's recordings: what is said in which file, in which language, by whom."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from loadtests.people.normalisation import characters
from serve_app.core.text.languages import CODES, language_code

DELIMITERS = {".csv": ",", ".tsv": "\t"}
"""Other suffixes are JSON Lines."""


class ManifestError(ValueError):
    """What is wrong with a manifest, each line of the message one line of the file; for whoever wrote it."""


@dataclass(frozen=True, slots=True)
class LabelledRecording:
    """One line of a manifest."""

    file: Path
    text: str
    language: str = ""
    """ISO 639-1; empty where nobody said."""
    speaker: str = ""
    group: str = ""
    """Child, adult, telephone: what the results are told apart by."""


def read_manifest(path: Path, only: Mapping[str, str]) -> list[LabelledRecording]:
    """The recordings of a manifest whose fields have the values of `only`, in its order.

    JSON Lines, or CSV or TSV with a head, by the name's suffix; in UTF-8. `file`, relative to the manifest,
    and `text` are required, `language`, `speaker` and `group` are not; others are for `only`. Raises
    ManifestError with all that is wrong, and OSError.
    """
    recordings, problems = [], []
    for number, fields in _lines(path):
        chosen = all(fields.get(name, "") == value for name, value in only.items())
        wrong = [f"line {number}, {problem}" for problem in _problems(fields, path.parent)]
        problems += wrong
        if chosen and not wrong:
            recordings.append(_recording(fields, path.parent))
    if problems:
        raise ManifestError("\n".join(problems))
    if not recordings:
        raise ManifestError(f"{path}: it has no recording to measure")
    return recordings


def _lines(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The number of each line and its fields."""
    try:
        text = path.read_text("utf-8-sig")  # spreadsheets write a mark of byte order
    except UnicodeDecodeError:
        raise ManifestError(f"{path}: it is not UTF-8") from None
    delimiter = DELIMITERS.get(path.suffix.lower())
    return _table(text, delimiter) if delimiter else _json_lines(text)


def _table(text: str, delimiter: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restval="")
    for row in rows:
        yield rows.line_num, {name: value.strip() for name, value in row.items() if name}


def _json_lines(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except json.JSONDecodeError as wrong:
            raise ManifestError(f"line {number}: it is not JSON: {wrong.msg}") from None
        if not isinstance(found, dict):
            raise ManifestError(f"line {number}: it is not an object with file and text")
        yield number, {name: str(value).strip() for name, value in found.items() if value is not None}


def _problems(fields: Mapping[str, str], folder: Path) -> Iterator[str]:
    file, language = fields.get("file", ""), fields.get("language", "")
    if not file:
        yield "file: it is missing"
    elif not (folder / file).is_file():
        yield f"file: there is no {folder / file}"
    if not characters(fields.get("text", ""), ""):
        yield "text: it has no letter and no digit"
    if language_code(language) not in ("", *CODES.values()):
        yield f"language: {language!r} is not known"


def _recording(fields: Mapping[str, str], folder: Path) -> LabelledRecording:
    language = language_code(fields.get("language", ""))
    return LabelledRecording(
        folder / fields["file"], fields["text"], language, fields.get("speaker", ""), fields.get("group", "")
    )
