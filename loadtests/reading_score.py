"""How well the reading score finds known mistakes, and what it costs: against a running cluster.

python -m loadtests.reading_score --url http://127.0.0.1:8000 --data .kaleido [--snr 15] [--clients 8]
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import httpx
import numpy as np

from loadtests import report
from loadtests.audio import as_wav
from loadtests.metrics import Distribution
from loadtests.readings import PupilReading, pupils
from loadtests.team import NoServerData, load_test_team
from serve_app.errors import KaleidoError

SENTENCES = Path(__file__).parents[1] / "training" / "sentences.txt"
PATIENCE_S = 120.0
KINDS = ("missing", "substitution", "extra")
FOUND_HEAD = ("mistake", "made", "reported", "precision", "recall", "F1")


@dataclass(frozen=True, slots=True)
class Options:
    """The command line."""

    url: str
    data: Path
    readings: int
    snr: float | None
    clients: int
    json: Path | None


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


async def measure(options: Options, key: str) -> list[Scored]:
    """Upload every reading, `clients` at a time."""
    sentences = SENTENCES.read_text(encoding="utf-8").split()
    readings = await asyncio.to_thread(pupils, sentences, options.readings, snr_db=options.snr)
    waiting = iter(readings)
    async with httpx.AsyncClient(
        base_url=options.url, headers={"x-api-key": key}, timeout=PATIENCE_S
    ) as http:

        async def client() -> list[Scored]:
            return [await _score(http, reading) for reading in waiting]

        return [
            one for each in await asyncio.gather(*(client() for _ in range(options.clients))) for one in each
        ]


async def _score(http: httpx.AsyncClient, reading: PupilReading) -> Scored:
    pcm = (np.clip(reading.audio, -1, 1) * 32767).astype("<i2").tobytes()
    started = time.perf_counter()
    answer = await http.post(
        "/api/reading-score",
        data={"reference_text": reading.reference},
        files={"student_audio": ("reading.wav", as_wav(pcm), "audio/wav")},
    )
    answer.raise_for_status()
    return Scored(reading, answer.json(), (time.perf_counter() - started) * 1000)


async def _main(options: Options) -> dict[str, report.Table]:
    async with load_test_team(options.data) as team:
        started = time.perf_counter()
        scored = await measure(options, team.key)
        elapsed = time.perf_counter() - started
    rows = [*summary_rows(scored), ("readings a minute", 60 * len(scored) / elapsed)]
    return {"mistakes": (FOUND_HEAD, found_rows(scored)), "scores": (("measure", "value"), rows)}


@click.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True)
@click.option("--data", default=".kaleido", show_default=True, type=click.Path(path_type=Path))
@click.option("--readings", default=200, show_default=True, type=click.IntRange(1))
@click.option("--snr", type=float, help="Add white noise at this ratio (dB).")
@click.option("--clients", default=1, show_default=True, type=click.IntRange(1))
@click.option("--json", type=click.Path(path_type=Path, dir_okay=False))
def main(**given: Any) -> None:
    """Score readings with known mistakes and print what was found."""
    options = Options(**given)
    try:
        tables = asyncio.run(_main(options))
    except (NoServerData, httpx.HTTPError, KaleidoError) as failure:
        sys.exit(f"loadtests: {failure}")
    report.show_tables(tables)
    if options.json:
        report.write_json(options.json, report.tables_json(tables))


if __name__ == "__main__":
    main()
