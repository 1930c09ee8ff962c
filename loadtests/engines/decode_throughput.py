"""How many windows one recogniser replica decodes, by the number of streams that ask at once.

    python -m loadtests.engines.decode_throughput
    python -m loadtests.engines.decode_throughput --cluster          # the same through a Serve handle
    python -m loadtests.engines.decode_throughput --engine package.module:Class --options '{"model": "..."}'

Each stream has one request in flight: windows of 1.6 s, the target length of a partial's (ASR-015).
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import click
import numpy as np

from deployments.config import MODEL, ModelArgs, build_replica
from deployments.ray_cluster import environment
from deployments.serving.loader import EngineConfigError
from loadtests import report
from loadtests.audio import LEAD_MS, corpus
from loadtests.engines.closed_loop import HEAD, Throughput, throughput
from loadtests.report import markdown_table
from serve_app.cli.operation import FiniteRange
from serve_app.core.audio.pcm import as_float
from serve_app.engines import SAMPLE_RATE, Audio, SpeechRecognizer
from serve_app.errors import KaleidoError

STREAMS = (1, 2, 4, 8, 16, 32, 64)
WINDOW = 1600 * SAMPLE_RATE // 1000
UTTERANCES = 16
WARM_UP_S = 1.0
"""First calls of a batch size are slow: memory arenas grow."""

Place = AbstractAsyncContextManager[SpeechRecognizer]
"""Where the replica runs."""


@dataclass(frozen=True, slots=True)
class Options:
    """The command line."""

    engine: str
    options: str
    cluster: bool
    streams: Sequence[int]
    seconds: float
    data: Path

    @property
    def model(self) -> ModelArgs:
        """The engine as a config row names it."""
        return ModelArgs(task="asr", name="measured", engine=self.engine, options=json.loads(self.options))


def speech_windows(data: Path) -> list[Audio]:
    """A window of every utterance, from where its voice begins."""
    first = LEAD_MS * SAMPLE_RATE // 1000
    said = corpus(data / "loadtest-audio", UTTERANCES)
    return [as_float(np.frombuffer(each.pcm, "<i2")[first : first + WINDOW]) for each in said]


@asynccontextmanager
async def in_process(model: ModelArgs) -> AsyncIterator[SpeechRecognizer]:
    """The replica in this process: its engine runs in a thread of its own."""
    replica = build_replica(model)
    try:
        yield cast(SpeechRecognizer, replica)
    finally:
        replica.close()


@contextmanager
def cluster_of(model: ModelArgs, data: Path) -> Iterator[None]:
    """A private Ray Serve on this machine with this model alone; started and stopped outside event loops."""
    environment.prepare(data)
    # Imported late: Ray reads its environment on import.
    from deployments.ray_cluster.private_cluster import PrivateCluster, serve_config

    row = {"name": model.application, "import_path": MODEL, "route_prefix": None, "args": model.model_dump()}
    cluster = PrivateCluster(serve_config({"proxy_location": "Disabled", "applications": [row]}, port=0))
    try:
        cluster.start()
        cluster.wait_until_running(lambda: True)
        yield
    finally:
        cluster.stop()


@asynccontextmanager
async def behind_handle(model: ModelArgs) -> AsyncIterator[SpeechRecognizer]:
    """The replica of the running cluster, called as the gateway calls it."""
    from ray import serve

    from deployments.asr.task import RemoteRecognizer
    from deployments.ray_cluster.handles import Application, Applications

    try:
        yield RemoteRecognizer(Application(Applications(), model.application))
    finally:
        # The handle's router lives in this loop: outliving Serve it would start another Ray.
        await serve.shutdown_async()  # type: ignore[no-untyped-call]  # Serve has no hints here


async def measure(place: Place, windows: Sequence[Audio], options: Options) -> list[Throughput]:
    """One run for each number of streams."""
    async with place as recognizer:
        await throughput(recognizer, windows, max(options.streams), WARM_UP_S)
        return [await throughput(recognizer, windows, n, options.seconds) for n in options.streams]


def run(options: Options) -> list[Throughput]:
    """Measure in the chosen place."""
    options.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    windows, model = speech_windows(options.data), options.model
    if not options.cluster:
        return asyncio.run(measure(in_process(model), windows, options))
    with cluster_of(model, options.data):
        return asyncio.run(measure(behind_handle(model), windows, options))


@click.command()
@click.option("--engine", default="deployments.asr.embedded.thai:EmbeddedRecognizer", show_default=True)
@click.option("--options", default="{}", help="The engine's options as JSON.")
@click.option("--cluster", is_flag=True, help="Through a Serve handle, on a private Ray.")
@click.option("--streams", multiple=True, default=STREAMS, show_default=True, help="Repeat for several.")
@click.option("--seconds", default=5.0, show_default=True, type=FiniteRange(0.1))
@click.option("--data", default=".kaleido", show_default=True, type=click.Path(path_type=Path))
def main(**given: Any) -> None:
    """Measure one recogniser replica."""
    options = Options(**given)
    try:
        runs = run(options)
    except (EngineConfigError, KaleidoError, json.JSONDecodeError) as failure:
        sys.exit(f"loadtests: {failure}")
    way = "through a Serve handle" if options.cluster else "in process"
    click.echo(f"{options.engine}, {way}, windows of 1.6 s, on {report.machine()}\n")
    click.echo(markdown_table(HEAD, [each.row() for each in runs]))


if __name__ == "__main__":
    main()
