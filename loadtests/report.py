"""Tables, JSON and the name of the machine: one place for how figures are shown."""

from __future__ import annotations

import json
import math
import os
import platform
import unicodedata
from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from loadtests.metrics import Distribution, Summary

Cell = str | float | int | bool | None
Table = tuple[Sequence[str], Sequence[Sequence[Cell]]]
"""Head and rows."""
PERCENTILES = (50, 95, 99)


def machine() -> str:
    """Cores and CPU model: no figure means anything without them."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} cores of {_cpu_model()}, {platform.system()}, Python {platform.python_version()}"


def table(head: Sequence[str], rows: Iterable[Sequence[Cell]], *, texts: Container[int] = (0,)) -> str:
    """Aligned columns: those in `texts` to the left, the others to the right."""
    lines = [list(head), *([shown(cell) for cell in row] for row in rows)]
    widths = [max(map(columns, column)) for column in zip(*lines, strict=True)]
    return "\n".join(_line(line, widths, texts) for line in lines)


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """GitHub's tables; cells as `table` shows them."""
    lines = [head, ["---"] * len(head), *([shown(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def summary_table(summary: Summary) -> str:
    """A run, metric by metric: latencies in ms, then shares, then failures."""
    head = ("metric", "n", *(f"p{q}" for q in PERCENTILES), "target p95", "held")
    rows = [_row(distribution) for distribution in summary.distributions.values()]
    shares = summary.ratios.items()
    failures = [(f"failed: {why}", count) for why, count in summary.failures.items()]
    outcome = [("utterances", summary.utterances), *failures]
    return "\n\n".join(
        (table(head, rows), table(("share", "value"), shares), table(("run", "count"), outcome))
    )


def summary_json(summary: Summary) -> dict[str, Any]:
    """The same for machines; a lost event (infinitely late) is null."""
    return {
        "utterances": summary.utterances,
        "held": summary.held,
        "metrics": {name: _distribution_json(found) for name, found in summary.distributions.items()},
        "ratios": dict(summary.ratios),
        "failures": dict(summary.failures),
    }


def show_tables(tables: Mapping[str, Table]) -> None:
    """Print tables under their names, with the machine."""
    print(machine())
    for name, (head, rows) in tables.items():
        print(f"\n{name}\n{table(head, rows)}")


def publish(tables: Mapping[str, Table], path: Path | None) -> None:
    """Print tables, and write them to a file where one is wanted."""
    show_tables(tables)
    if path:
        write_json(path, tables_json(tables))


def tables_json(tables: Mapping[str, Table]) -> dict[str, Any]:
    """Tables as lists of objects."""
    return {
        name: [{column: _plain(cell) for column, cell in zip(head, row, strict=True)} for row in rows]
        for name, (head, rows) in tables.items()
    }


def write_json(path: Path, result: Mapping[str, Any]) -> None:
    """Results with the machine they were measured on."""
    path.write_text(json.dumps({"machine": machine(), **result}, ensure_ascii=False, indent=2), "utf-8")


def shown(cell: Cell) -> str:
    """A cell for people."""
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "NO"
    if isinstance(cell, float):
        return "lost" if math.isinf(cell) else f"{cell:.3g}" if abs(cell) < 10 else f"{cell:.0f}"
    return str(cell)


def columns(text: str) -> int:
    """Terminal columns: Thai vowels and tone marks above and below a letter take none."""
    return sum(unicodedata.category(char) not in ("Mn", "Me") for char in text)


def _line(cells: Sequence[str], widths: Sequence[int], texts: Container[int]) -> str:
    gaps = [" " * (width - columns(cell)) for cell, width in zip(cells, widths, strict=True)]
    aligned = (cell + gaps[at] if at in texts else gaps[at] + cell for at, cell in enumerate(cells))
    return "  ".join(aligned).rstrip()


def _row(found: Distribution) -> tuple[Cell, ...]:
    percentiles = (found.percentile(q) for q in PERCENTILES)
    return (found.name, len(found.values), *percentiles, found.target, found.held)


def _distribution_json(found: Distribution) -> dict[str, Any]:
    values = {f"p{q}": _finite(found.percentile(q)) for q in PERCENTILES}
    return {"n": len(found.values), **values, "target": found.target, "held": found.held}


def _plain(cell: Cell) -> Cell:
    return _finite(cell) if isinstance(cell, float) else cell


def _finite(value: float) -> float | None:
    return round(value, 3) if math.isfinite(value) else None


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
