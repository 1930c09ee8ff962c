"""What a reading score found of known mistakes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from loadtests import report
from loadtests.metrics import Distribution
from loadtests.reading.pupils import PupilReading

KINDS = ("missing", "substitution", "extra")
FOUND_HEAD = ("mistake", "made", "reported", "precision", "recall", "F1")


@dataclass(frozen=True, slots=True)
class Scored:
    """One reading and the answer to it."""

    reading: PupilReading
    payload: dict[str, Any]
    elapsed_ms: float

    def counts(self, kind: str) -> tuple[int, int, int]:
        """Mistakes of a kind that were made, reported, and both."""
        truth = Counter(miscue.word for miscue in self.reading.miscues if miscue.kind == kind)
        field = "studentToken" if kind == "extra" else "referenceToken"
        results = self.payload["comparison"]["wordResults"]
        found = Counter(result[field] for result in results if result["status"] == kind)
        return truth.total(), found.total(), (truth & found).total()

    @property
    def accuracy_error(self) -> float:
        """Of `textAccuracy`, in points."""
        raw = float(self.payload["diagnostics"]["rawScores"]["textAccuracy"])
        return abs(raw - 100 * self.reading.correct)


def found_rows(scored: Sequence[Scored]) -> list[tuple[report.Cell, ...]]:
    """Precision, recall and F1 of each kind, and of all together."""
    sums = {
        kind: tuple(map(sum, zip(*(each.counts(kind) for each in scored), strict=True))) for kind in KINDS
    }
    sums["any"] = tuple(map(sum, zip(*sums.values(), strict=True)))
    return [(kind, made, told, *_shares(made, told, both)) for kind, (made, told, both) in sums.items()]


def _shares(made: int, told: int, both: int) -> tuple[float | None, float | None, float | None]:
    precision, recall = both / told if told else None, both / made if made else None
    return precision, recall, 2 * both / (made + told) if made + told else None


def summary_rows(scored: Sequence[Scored]) -> list[tuple[report.Cell, ...]]:
    """Errors of the score, the choice of the attempt, and times."""
    times = Distribution("", tuple(each.elapsed_ms for each in scored))
    twice = [each for each in scored if each.reading.attempts > 1]
    chosen = sum(
        each.payload["comparison"]["correctTokenCount"] == each.payload["reference"]["tokenCount"]
        for each in twice
    )
    return [
        ("readings", len(scored)),
        (
            "mean absolute error of textAccuracy, points",
            float(np.mean([each.accuracy_error for each in scored])),
        ),
        ("second attempts, and how many found perfect", f"{len(twice)}, {chosen}"),
        ("answered p50 ms", times.percentile(50)),
        ("answered p95 ms", times.percentile(95)),
    ]
