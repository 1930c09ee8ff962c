"""How figures are shown."""

from __future__ import annotations

import json
import math
from pathlib import Path

from loadtests import report
from loadtests.metrics import Distribution, Summary


def summary() -> Summary:
    found = Distribution("final_ms", (100.0, math.inf))
    return Summary(2, {"final_ms": found}, {"character_error_rate": 0.125}, {"closed 1011": 1})


def test_a_lost_event_is_shown_as_lost_and_breaks_the_target() -> None:
    """ASR-020: final_ms misses its 800 ms when every second final is lost."""
    lines = report.summary_table(summary()).splitlines()
    assert lines[0].split() == ["metric", "n", "p50", "p95", "p99", "target", "p95", "held"]
    assert lines[1].split() == ["final_ms", "2", "100", "lost", "lost", "800", "NO"]
    assert any(line.split() == ["character_error_rate", "0.125"] for line in lines)
    assert any(line.split() == ["failed:", "closed", "1011", "1"] for line in lines)


def test_json_is_valid_and_names_the_machine(tmp_path: Path) -> None:
    """ASR-020: infinity is no JSON number."""
    path = tmp_path / "out.json"
    report.write_json(path, report.summary_json(summary()))
    written = json.loads(path.read_text("utf-8"), parse_constant=lambda name: f"not JSON: {name}")
    assert written["metrics"]["final_ms"] == {"n": 2, "p50": 100.0, "p95": None, "p99": None, "target": 800.0, "held": False}  # fmt: skip  # noqa: E501
    assert "cores of" in written["machine"]


def test_thai_columns_line_up() -> None:
    """Marks above and below a letter take no column."""
    table = report.table(("said", "ms"), [("ที่นี่", 1.0), ("abc", 12.0)])
    widths = {report.columns(line) for line in table.splitlines()}
    assert len(widths) == 1
