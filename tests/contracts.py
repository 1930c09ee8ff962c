"""Lists the contract ids of docs/contracts.md that no test names: `python -m tests.contracts`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROW = re.compile(r"^\| ([A-Z]+-\d+) \|", re.MULTILINE)
NAMED = re.compile(r"\b([A-Z]{2,4})-(\d+)((?:[/,]\d+)*)(?:\.\.(\d+))?")


def named(text: str) -> set[str]:
    """Ids a test names: `ASR-011`, lists `ERR-003/014` and ranges `ASR-011..018`."""
    ids: set[str] = set()
    for kind, first, more, last in NAMED.findall(text):
        width = len(first)
        numbers = [first, *filter(None, re.split("[/,]", more))]
        numbers += [str(n).zfill(width) for n in range(int(first), int(last) + 1)] if last else []
        ids |= {f"{kind}-{number.zfill(width)}" for number in numbers}
    return ids


def missing() -> list[str]:
    """Promised ids without a test, in the order of the document."""
    promised = ROW.findall((ROOT / "docs/contracts.md").read_text(encoding="utf-8"))
    tests = (path for path in (ROOT / "tests").rglob("test_*.py"))
    proven = set().union(*(named(path.read_text(encoding="utf-8")) for path in tests))
    return [contract for contract in dict.fromkeys(promised) if contract not in proven]


if __name__ == "__main__":
    if unproven := missing():
        sys.exit("No test names: " + ", ".join(unproven))
    print("Every contract id is named by a test.")  # noqa: T201
