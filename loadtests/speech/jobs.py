"""Speech jobs per minute, and what a job costs beside its engine's work.

python -m loadtests.speech.jobs --url http://127.0.0.1:8000 --data .kaleido --clients 1 --clients 16
make serve CONFIG=loadtests/speech/no_synthesis.yaml    # an engine that costs nothing: the limit of the job
machine
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

from loadtests import report
from loadtests.job_client import JobFailed
from loadtests.metrics import Distribution
from loadtests.speech.client import SpeechJobs, Spoken
from loadtests.team import NoServerData, load_test_team
from serve_app.cli.operation import FiniteRange
from serve_app.engines import SpeechRequest
from serve_app.errors import KaleidoError

TEXTS = (
    ("f5", "th", "สวัสดีครับ วันนี้เราจะเรียนภาษาไทยด้วยกัน"),
    ("cosytts", "en", "Good morning, please open your books at page ten."),
    ("vieneu_v2", "vi", "Xin chào các bạn, hôm nay chúng ta học tiếng Việt."),
    ("omnivoice", "ms", "Selamat pagi, hari ini kita belajar bersama."),
)
"""Model, language, text: what a lesson says."""
HEAD = (
    "clients", "jobs", "jobs / min", "failed", "queued p50 ms", "p95", "engine p50 ms", "p95",
    "overhead p50 ms", "p95", "done p50 ms", "p95",
)  # fmt: skip
DIRECT_HEAD = ("texts", "texts / min", "engine p50 ms", "p95")
SHOWN = (50, 95)


@dataclass(frozen=True, slots=True)
class Options:
    """The command line."""

    url: str
    data: Path
    clients: Sequence[int]
    seconds: float
    direct: bool
    json: Path | None


@dataclass(frozen=True, slots=True)
class Run:
    """All jobs of one number of clients."""

    clients: int
    seconds: float
    spoken: Sequence[Spoken]
    failures: Sequence[str]

    def row(self) -> tuple[report.Cell, ...]:
        """The cells below HEAD. Overhead is all of a job's life outside its engine."""
        times = (
            [job.queued_ms for job in self.spoken],
            [job.synthesis_ms for job in self.spoken],
            [job.total_ms - job.synthesis_ms for job in self.spoken],
            [job.total_ms for job in self.spoken],
        )
        shown = (Distribution("", tuple(found)).percentile(q) for found in times for q in SHOWN)
        per_minute = 60 * len(self.spoken) / self.seconds
        return self.clients, len(self.spoken), per_minute, len(self.failures), *shown


async def measure(jobs: SpeechJobs, clients: int, seconds: float) -> Run:
    """Let `clients` ask for text after text, each with one job at a time."""
    spoken: list[Spoken] = []
    failures: list[str] = []
    started = time.perf_counter()

    async def client(first: int) -> None:
        turn = first
        while time.perf_counter() - started < seconds:
            model, language, text = TEXTS[turn % len(TEXTS)]
            request = {"model": model, "language": language, "text": text, "seed": turn}
            turn += 1
            try:
                spoken.append(await jobs.speak(request))
            except JobFailed as failure:
                failures.append(str(failure))

    await asyncio.gather(*map(client, range(clients)))
    return Run(clients, time.perf_counter() - started, spoken, failures)


def call_directly(seconds: float) -> tuple[report.Cell, ...]:
    """The same texts through the embedded engine in this process, one after another."""
    from deployments.tts.embedded.engine import EmbeddedSynthesizer

    engine, times = EmbeddedSynthesizer(), []
    engine.synthesize(engine.example, lambda progress: None)
    started = time.perf_counter()
    while (elapsed := time.perf_counter() - started) < seconds:
        model, language, text = TEXTS[len(times) % len(TEXTS)]
        begun = time.perf_counter()
        engine.synthesize(SpeechRequest(text, language, model, len(times)), lambda progress: None)
        times.append((time.perf_counter() - begun) * 1000)
    found = Distribution("", tuple(times))
    return len(times), 60 * len(times) / elapsed, *(found.percentile(q) for q in SHOWN)


async def _main(options: Options) -> dict[str, report.Table]:
    tables: dict[str, report.Table] = {}
    if options.direct:
        row = await asyncio.to_thread(call_directly, options.seconds)
        tables["the embedded engine called directly"] = (DIRECT_HEAD, [row])
    async with load_test_team(options.data) as team, SpeechJobs(options.url, team.key) as jobs:
        runs = [await measure(jobs, clients, options.seconds) for clients in options.clients]
    for failure in {failure for run in runs for failure in run.failures}:
        click.echo(f"failed: {failure}", err=True)
    return {**tables, "speech jobs": (HEAD, [run.row() for run in runs])}


@click.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True)
@click.option("--data", default=".kaleido", show_default=True, type=click.Path(path_type=Path))
@click.option("--clients", multiple=True, default=(1, 16), show_default=True, type=click.IntRange(1))
@click.option("--seconds", default=20.0, show_default=True, type=FiniteRange(1))
@click.option("--direct/--no-direct", default=True, help="Also call the embedded engine in this process.")
@click.option("--json", type=click.Path(path_type=Path, dir_okay=False))
def main(**given: Any) -> None:
    """Print jobs per minute, queue wait, completion and overhead of speech jobs."""
    options = Options(**given)
    try:
        tables = asyncio.run(_main(options))
    except (NoServerData, KaleidoError) as failure:
        sys.exit(f"loadtests: {failure}")
    report.publish(tables, options.json)


if __name__ == "__main__":
    main()
