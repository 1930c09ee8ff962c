"""A table for a document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from loadtests.report import Cell, shown


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """GitHub's tables; cells as `loadtests.report` shows them."""
    lines = [head, ["---"] * len(head), *([shown(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
