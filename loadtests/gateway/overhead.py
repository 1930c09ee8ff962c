"""What the front adds: keys, limits, store and protocol against bare FastAPI and uvicorn, in the same run.

    python -m loadtests.gateway.overhead --url http://127.0.0.1:8000 --data .kaleido [--capacity] [--json
    front.json]

- requests: `GET config` (key, bucket, store) against a route with the same JSON; rounds alternate A B A B.
- sessions: `POST sessions`, which also writes the session.
- frames: 640 bytes each 20 ms on N sockets without decoding; CPU of the server process per frame, and how
  long a `reset` behind the frames waits for its `reset_ok`. `--capacity` finds the largest N whose p95 wait
  is at most 20 ms.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import click

from loadtests import report
from loadtests.captions.client import StreamFailed, ThaiAsr
from loadtests.gateway.bare import HTTP_PATH, WS_PATH, bare_server
from loadtests.gateway.capacity import OpenUrl, capacity, flooded
from loadtests.gateway.http_load import Answered, Target, load
from loadtests.processes import NoServer, listening_at
from loadtests.team import NoServerData, load_test_team
from serve_app.errors import KaleidoError

HTTP_HEAD = ("target", "connections", "p50 ms", "per second", "refused")
FRAMES_HEAD = ("server", "streams", "CPU us per frame", "p95 wait ms", "generator cores", "most streams")
ROUNDS, ROUND_S = 3, 4
CONNECTIONS = (1, 32)
DEFAULTS = {"benchmark_label": "front"}
UNHEARD = {"vad": False, "min_decode_audio_ms": 5000}
"""With a reset each 4 s nothing is ever decoded (ASR-014)."""


async def http_rounds(targets: dict[str, Target], connections: int) -> dict[str, Answered]:
    """Medians of alternating rounds, so that a noisy minute hits every target alike."""
    rounds: dict[str, list[Answered]] = {name: [] for name in targets}
    for _ in range(ROUNDS):
        for name, target in targets.items():
            rounds[name].append(await load(target, connections, ROUND_S))
    return {name: _median(answers) for name, answers in rounds.items()}


def _median(answers: Sequence[Answered]) -> Answered:
    return Answered(
        median(answer.p50_ms for answer in answers),
        median(answer.per_second for answer in answers),
        sum(answer.refused for answer in answers),
    )


@dataclass(frozen=True, slots=True)
class Options:
    """The command line."""

    url: str
    data: Path
    streams: int
    capacity: bool
    json: Path | None


async def measure_http(options: Options, key: str, bare: str) -> list[tuple[report.Cell, ...]]:
    """Rows of target, connections, p50, requests per second, refused."""
    headers, api = {"x-api-key": key}, f"{options.url}/api/thai-asr"
    json_headers = {**headers, "content-type": "application/json"}
    targets = {
        "bare FastAPI route": Target(f"{bare}{HTTP_PATH}"),
        "GET config": Target(f"{api}/config", headers=headers),
        "POST sessions": Target(f"{api}/sessions", "POST", json_headers, "{}"),
    }
    rows: list[tuple[report.Cell, ...]] = []
    for connections in CONNECTIONS:
        found = await http_rounds(targets, connections)
        rows += [(name, connections, *astuple(answered)) for name, answered in found.items()]
    return rows


async def measure_frames(options: Options, key: str, bare: str) -> list[tuple[report.Cell, ...]]:
    """Rows of server, streams, CPU per frame, p95 wait, cores of the generator, capacity."""
    async with ThaiAsr(options.url, key) as api:
        servers: list[tuple[str, str, OpenUrl]] = [
            ("bare uvicorn WebSocket", bare, partial(_same, bare.replace("http", "ws") + WS_PATH)),
            ("gateway, no detector", options.url, partial(api.stream_url, UNHEARD)),
            ("gateway with detector", options.url, partial(api.stream_url, DEFAULTS)),
        ]
        return [await _frames_row(options, *server) for server in servers]


async def _frames_row(options: Options, name: str, url: str, open_url: OpenUrl) -> tuple[report.Cell, ...]:
    server = listening_at(url)
    if server is None:
        raise NoServer(f"nobody listens at {url} on this machine, so its CPU cannot be read")
    measure = partial(flooded, open_url, server)
    row = await measure(options.streams)
    most = await capacity(measure) if options.capacity else None
    return name, row.streams, row.cpu_us_per_frame, row.wait_p95_ms, row.generator_cores, most


async def _same(url: str) -> str:
    return url


async def _main(options: Options) -> dict[str, report.Table]:
    async with load_test_team(options.data) as team, bare_server() as bare:
        http = await measure_http(options, team.key, bare)
        frames = await measure_frames(options, team.key, bare)
    return {"http": (HTTP_HEAD, http), "frames": (FRAMES_HEAD, frames)}


@click.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True)
@click.option("--data", default=".kaleido", show_default=True, type=click.Path(path_type=Path))
@click.option("--streams", default=100, show_default=True, type=click.IntRange(1))
@click.option("--capacity", is_flag=True, help="Also find the most streams each server keeps up with.")
@click.option("--json", type=click.Path(path_type=Path, dir_okay=False))
def main(**given: Any) -> None:
    """Print what the front adds to bare FastAPI and uvicorn."""
    options = Options(**given)
    try:
        tables = asyncio.run(_main(options))
    except (NoServerData, NoServer, StreamFailed, KaleidoError) as failure:
        sys.exit(f"loadtests: {failure}")
    report.publish(tables, options.json)


if __name__ == "__main__":
    main()
