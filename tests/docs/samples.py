"""The samples of the documentation: every fenced block, with its language and place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
FOLDERS = ("docs", "deployments", "training", "loadtests")
FENCE = re.compile(r"^```(.*)\n((?:(?!```).*\n)*)```$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sample:
    """One block, word for word."""

    page: str
    line: int
    language: str
    text: str


def pages() -> list[Path]:
    """All that a reader may take for documentation."""
    return sorted([*ROOT.glob("*.md"), *(page for name in FOLDERS for page in (ROOT / name).rglob("*.md"))])


def samples() -> Iterator[Sample]:
    """All blocks of all pages."""
    for page in pages():
        text = page.read_text(encoding="utf-8")
        found = list(FENCE.finditer(text))
        assert text.count("```") == 2 * len(found), (
            f"{page.name} has a fence that this test does not understand"
        )
        for block in found:
            line = text.count("\n", 0, block.start()) + 1
            yield Sample(str(page.relative_to(ROOT)), line, block[1], block[2])
