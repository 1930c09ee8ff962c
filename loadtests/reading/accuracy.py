"""How well the reading score finds known mistakes, and what it costs: against a running cluster.

python -m loadtests.reading.accuracy --url http://127.0.0.1:8000 [--snr 15] [--clients 8] [--slips]
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import httpx
import numpy as np

from loadtests import report
from loadtests.audio import as_wav
from loadtests.reading.findings import FOUND_HEAD, Scored, found_rows, summary_rows
from loadtests.reading.pupils import PupilReading, pupils
from loadtests.team import NoServerData, load_test_team
from serve_app.cli.operation import FiniteRange
from serve_app.errors import KaleidoError

SENTENCES = Path(__file__).parents[2] / "training" / "thai_speech" / "sentences.txt"
PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Options:
    """The command line."""

    url: str
    data: Path
    readings: int
    snr: float | None
    clients: int
    slips: bool
    json: Path | None


async def measure(options: Options, key: str, readings: Sequence[PupilReading]) -> list[Scored]:
    """Upload every reading, `clients` at a time."""
    waiting = iter(readings)
    async with httpx.AsyncClient(
        base_url=options.url, headers={"x-api-key": key}, timeout=PATIENCE_S
    ) as http:

        async def client() -> list[Scored]:
            return [await _score(http, reading) for reading in waiting]

        return [
            one for each in await asyncio.gather(*(client() for _ in range(options.clients))) for one in each
        ]


def _made(options: Options) -> list[PupilReading]:
    sentences = SENTENCES.read_text(encoding="utf-8").split()
    make = _slips if options.slips else pupils
    return make(sentences, options.readings, snr_db=options.snr)


def _slips(sentences: Sequence[str], count: int, *, snr_db: float | None) -> list[PupilReading]:
    # Imported late: the lexicon and the voices need the extra `embedded`.
    from loadtests.reading.slips import slips

    return slips(sentences, count, snr_db=snr_db)


async def _score(http: httpx.AsyncClient, reading: PupilReading) -> Scored:
    pcm = (np.clip(reading.audio, -1, 1) * 32767).astype("<i2").tobytes()
    started = time.perf_counter()
    answer = await http.post(
        "/api/reading-score",
        data={"reference_text": reading.reference},
        files={"student_audio": ("reading.wav", as_wav(pcm), "audio/wav")},
    )
    if answer.raise_for_status().status_code == httpx.codes.ACCEPTED:
        raise httpx.HTTPError("A reading was not scored in time: other jobs are waiting.")
    return Scored(reading, answer.json(), (time.perf_counter() - started) * 1000)


async def _main(options: Options) -> dict[str, report.Table]:
    readings = await asyncio.to_thread(_made, options)
    async with load_test_team(options.data) as team:
        started = time.perf_counter()
        scored = await measure(options, team.key, readings)
        elapsed = time.perf_counter() - started
    rows = [*summary_rows(scored), ("readings a minute", 60 * len(scored) / elapsed)]
    return {"mistakes": (FOUND_HEAD, found_rows(scored)), "scores": (("measure", "value"), rows)}


@click.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True)
@click.option("--data", default=".kaleido", show_default=True, type=click.Path(path_type=Path))
@click.option("--readings", default=200, show_default=True, type=click.IntRange(1))
@click.option("--snr", type=FiniteRange(), help="Add white noise at this ratio (dB).")
@click.option("--clients", default=1, show_default=True, type=click.IntRange(1))
@click.option("--slips", is_flag=True, help="One word of a single other sound in each, and nothing else.")
@click.option("--json", type=click.Path(path_type=Path, dir_okay=False))
def main(**given: Any) -> None:
    """Score readings with known mistakes and print what was found."""
    options = Options(**given)
    try:
        tables = asyncio.run(_main(options))
    except (NoServerData, httpx.HTTPError, KaleidoError) as failure:
        sys.exit(f"loadtests: {failure}")
    report.publish(tables, options.json)


if __name__ == "__main__":
    main()
