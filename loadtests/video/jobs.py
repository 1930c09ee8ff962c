"""Image to video: frames per second, job overhead, memory, and how soon cancelling takes effect.

python -m loadtests.video.jobs --url http://127.0.0.1:8000 --data .kaleido [--resolution 720p] [--seconds 5]
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from loadtests import report
from loadtests.job_client import JobFailed
from loadtests.processes import Memory, titled
from loadtests.team import NoServerData, load_test_team
from loadtests.video.client import Made, VideoJobs
from loadtests.video.landscape import jpeg, landscape
from serve_app.errors import KaleidoError

PROMPT = "Slow push in over the lake, gentle waves."
RENDERER = "ServeReplica:video"
HEAD = ("job", "frames", "frames / s", "in the engine ms", "job ms", "overhead ms", "file KiB")
SETTLE_S = 2.0
"""Until what a cancelled job has freed is given back."""


async def measure(jobs: VideoJobs, request: dict[str, Any], count: int) -> report.Table:
    """One job after another, each with a seed of its own."""
    picture = jpeg(landscape())
    rows = []
    for number in range(count):
        made = await jobs.done(await jobs.start(picture, {**request, "seed": number}))
        rows.append(_row(number, made, len(await jobs.download(made))))
    return HEAD, rows


async def cancelled_after_ms(jobs: VideoJobs, request: dict[str, Any]) -> float:
    """From the wish to the end of a job that is in the engine."""
    job = await jobs.start(jpeg(landscape()), request)
    rendering = asyncio.Event()
    watching = asyncio.create_task(jobs.done(job, lambda progress: rendering.set()))
    await asyncio.wait((watching, asyncio.ensure_future(rendering.wait())), return_when="FIRST_COMPLETED")
    began = time.perf_counter()
    await jobs.cancel(job)
    elapsed_ms = (time.perf_counter() - began) * 1000
    await asyncio.gather(watching, return_exceptions=True)
    return elapsed_ms


async def _main(url: str, data: Path, request: dict[str, Any], count: int) -> dict[str, report.Table]:
    async with load_test_team(data) as team, VideoJobs(url, team.key) as jobs:
        memories = [Memory(process) for process in titled(RENDERER)]  # none for a server elsewhere
        watching = [asyncio.create_task(memory.watch()) for memory in memories]
        table = await measure(jobs, request, count)
        for watch in watching:
            watch.cancel()
        cancelled_ms = await cancelled_after_ms(jobs, request)
        await asyncio.sleep(SETTLE_S)
        rows = [*_memory(memories), ("cancelled after ms", cancelled_ms)]
        return {"jobs": table, "beside": (("", "value"), rows)}


def _memory(memories: Sequence[Memory]) -> list[tuple[report.Cell, ...]]:
    return [
        row
        for memory in memories
        for row in (
            ("renderer before, MiB", memory.base),
            ("at its peak, MiB", memory.peak),
            (f"{SETTLE_S:g} s after all, MiB", memory.now()),
        )
    ]


def _row(number: int, made: Made, size: int) -> tuple[report.Cell, ...]:
    overhead_ms = made.total_ms - made.generation_ms
    return number, made.frames, made.frames_per_s, made.generation_ms, made.total_ms, overhead_ms, size / 1024


@click.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True)
@click.option("--data", default=".kaleido", show_default=True, type=click.Path(path_type=Path))
@click.option("--model", default="ltx23-standard", show_default=True)
@click.option("--resolution", default="720p", show_default=True, type=click.Choice(["480p", "720p"]))
@click.option("--seconds", default=5, show_default=True, type=click.IntRange(2, 10))
@click.option("--jobs", default=3, show_default=True, type=click.IntRange(1))
@click.option("--json", type=click.Path(path_type=Path, dir_okay=False))
def main(
    url: str, data: Path, model: str, resolution: str, seconds: int, jobs: int, json: Path | None
) -> None:
    """Set a drawn landscape in motion and print how fast it went."""
    request = {"prompt": PROMPT, "model": model, "resolution": resolution, "duration": seconds}
    try:
        tables = asyncio.run(_main(url, data, request, jobs))
    except (NoServerData, JobFailed, KaleidoError) as failure:
        sys.exit(f"loadtests: {failure}")
    report.publish(tables, json)


if __name__ == "__main__":
    main()
