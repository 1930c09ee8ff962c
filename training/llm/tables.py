"""The words and facts that fill the slots, each in English, Thai and Vietnamese."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "th", "vi")

Slots = dict[str, dict[str, str]]
"""Slots of one turn: language, then name, then text."""


@dataclass(frozen=True, slots=True)
class Word:
    kind: str
    text: dict[str, str]
    """Language: text."""


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@cache
def words() -> tuple[Word, ...]:
    return tuple(Word(row["kind"], {code: row[code] for code in LANGUAGES}) for row in _rows("words.tsv"))


@cache
def by_kind() -> dict[str, list[Word]]:
    found = defaultdict(list)
    for word in words():
        found[word.kind].append(word)
    return dict(found)


@cache
def unambiguous(language: str) -> tuple[Word, ...]:
    """Words to translate: no name, and spelled as no other row in this language."""
    spelled = Counter(word.text[language] for word in words())
    own = (word for word in words() if word.kind not in ("city", "country"))
    return tuple(word for word in own if spelled[word.text[language]] == 1)


@cache
def facts(kind: str) -> list[Slots]:
    return [
        {code: {"subject": row[f"subject_{code}"], "value": row[f"value_{code}"]} for code in LANGUAGES}
        for row in _rows("facts.tsv")
        if row["kind"] == kind
    ]


@cache
def countables() -> list[Slots]:
    return [
        {code: {"things": row[code], "unit": row["unit_th"]} for code in LANGUAGES}
        for row in _rows("countables.tsv")
    ]


@cache
def names(language: str) -> tuple[str, ...]:
    lines = (FOLDER / "names.txt").read_text(encoding="utf-8").splitlines()
    return next(tuple(line.split()[1:]) for line in lines if line.startswith(language))
