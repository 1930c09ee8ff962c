"""What of the time that a reading takes is spent in its engines: over HTTP and in this process.

python -m loadtests.reading.overhead --url http://127.0.0.1:8000 --data .kaleido [--seconds 10]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable
from dataclasses import asdict, replace
from pathlib import Path

import click
import httpx

from deployments.bootstrap import build_backends
from deployments.config import model_rows, read_config
from deployments.local import LocalModels
from loadtests import report
from loadtests.audio import SENTENCES, VOICES, as_wav, utterance
from loadtests.engines.timed_models import TimedDetector, TimedModel
from loadtests.metrics import Distribution
from loadtests.recording import BYTES_PER_MS, Utterance
from loadtests.team import NoServerData, load_test_team
from serve_app.backends import Backends
from serve_app.cli.operation import FiniteRange
from serve_app.core.jobs import Job, new_job, uploads_folder
from serve_app.core.reading.rules import ReadingJob
from serve_app.engines import ALIGN, ASR
from serve_app.errors import KaleidoError
from serve_app.flows.reading.score import KIND, assess_job
from serve_app.settings import Settings

CONFIG = Path(__file__).parents[2] / "configs" / "embedded.yaml"
PATIENCE_S = 60.0
TEAM, JOB = "team", "job"
ENGINES = ("recogniser", "aligner", "detector")
NAMES = {
    "http": "answered over HTTP",
    "flow": "the flow in one process",
    **{name: f"of that the {name}" for name in ENGINES},
    "outside": "answered, less the engines",
}
HEAD = ("one client, one reading after another", "p50 ms", "p95 ms")


def passage(seconds: float) -> Utterance:
    """Sentences read without mistakes until it is so long."""
    texts, pcm = [], b""
    with tempfile.TemporaryDirectory() as folder:
        while len(pcm) < seconds * 1000 * BYTES_PER_MS:
            spoken = utterance(Path(folder), SENTENCES[len(texts) % len(SENTENCES)], VOICES[0])
            texts.append(spoken.reference)
            pcm += spoken.pcm
    return Utterance(VOICES[0], " ".join(texts), pcm)


async def measure(http: httpx.AsyncClient, read: Utterance, count: int) -> dict[str, list[float]]:
    """Milliseconds of each reading: over HTTP, and at once again in this process with its engines' shares, so
    that both meet the same machine. The first one warms up."""
    rows = [row for row in model_rows(read_config(CONFIG)) if {"typhoon", "thai"} & set(row.public_names)]
    loaded = await asyncio.to_thread(LocalModels.load, rows)
    spent: Counter[str] = Counter()
    recognizer, aligner = await loaded.find(ASR, "typhoon"), await loaded.find(ALIGN, "thai")
    models = LocalModels(
        {("asr", "typhoon"): TimedModel(recognizer, spent), ("align", "thai"): TimedModel(aligner, spent)}
    )
    taken: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        backends = build_backends(Settings(data=Path(folder)), models)
        detectors = backends.new_detector
        backends = replace(backends, new_detector=lambda: TimedDetector(detectors(), spent))
        job = await _job(backends, read)
        for _ in range(count + 1):
            spent.clear()
            taken["http"].append(await _elapsed_ms(_scored(http, read)))
            taken["flow"].append(await _elapsed_ms(assess_job(backends, job, lambda progress: None)))
            for engine in ENGINES:
                taken[engine].append(spent[engine])
            taken["outside"].append(taken["http"][-1] - spent.total())
        await backends.close()
    loaded.close()
    return {name: times[1:] for name, times in taken.items()}


async def _elapsed_ms(work: Awaitable[object]) -> float:
    started = time.perf_counter()
    await work
    return (time.perf_counter() - started) * 1000


async def _scored(http: httpx.AsyncClient, read: Utterance) -> None:
    data, files = {"reference_text": read.reference}, {"student_audio": as_wav(read.pcm)}
    answer = await http.post("/api/reading-score", data=data, files=files)
    if answer.status_code != httpx.codes.OK:
        raise httpx.HTTPError(f"no score: {answer.status_code}")


async def _job(backends: Backends, read: Utterance) -> Job:
    path = f"{uploads_folder(TEAM, JOB)}student_audio"
    await backends.files.write(path, as_wav(read.pcm), team=TEAM, media_type="audio/wav", keep_s=None)
    order = ReadingJob(
        "typhoon", include_pronunciation=True, reference_text=read.reference, student_audio=path
    )
    return new_job(JOB, KIND, TEAM, asdict(order), time.time())


async def _main(url: str, data: Path, seconds: float, count: int) -> dict[str, report.Table]:
    read = await asyncio.to_thread(passage, seconds)
    async with (
        load_test_team(data) as team,
        httpx.AsyncClient(base_url=url, headers={"x-api-key": team.key}, timeout=PATIENCE_S) as http,
    ):
        taken = await measure(http, read, count)
    shown = [
        (name, *(Distribution("", tuple(taken[key])).percentile(q) for q in (50, 95)))
        for key, name in NAMES.items()
    ]
    return {f"a reading of {read.audio_ms / 1000:.1f} s": (HEAD, shown)}


@click.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True)
@click.option("--data", default=".kaleido", show_default=True, type=click.Path(path_type=Path))
@click.option("--seconds", default=10.0, show_default=True, type=FiniteRange(1))
@click.option("--readings", default=30, show_default=True, type=click.IntRange(1))
def main(url: str, data: Path, seconds: float, readings: int) -> None:
    """Print how long a reading takes, and what of it is engines."""
    try:
        report.show_tables(asyncio.run(_main(url, data, seconds, readings)))
    except (NoServerData, httpx.HTTPError, KaleidoError) as failure:
        sys.exit(f"loadtests: {failure}")


if __name__ == "__main__":
    main()
