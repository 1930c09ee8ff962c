"""A cluster of its own for the demo: `make serve` in a child process, on a free port, with its own data."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from deployments.checkpoints.catalogue import Place
from deployments.checkpoints.startup import LIGHT

CONFIG = Path(__file__).parents[1] / "configs" / "embedded.yaml"
START_S = 200.0
"""`deployments.serve` itself gives up after 180 s and says why."""
STOP_S = 60.0
"""Longer than the gateway's drain and Ray's own shutdown together."""
POLL_S = 0.2
NEEDED = {"typhoon", "f5", "cosytts", "vieneu_v2", "omnivoice", "thai"}


class DemoFailed(Exception):
    """The cluster did not come up; the message is for whoever runs the demo."""


@dataclass(frozen=True, slots=True)
class Running:
    """A cluster that answers."""

    url: str
    key: str
    engines: list[dict[str, Any]]
    """The engine cards of `/health`."""


@asynccontextmanager
async def demo_cluster(data: Path) -> AsyncIterator[asyncio.Task[Running]]:
    """Starts at once; await the task for the running cluster. Leaves no process. Raises DemoFailed."""
    port = _free_port()
    process = await _start(data, port)
    ready = asyncio.create_task(_until_ready(process, data, f"http://127.0.0.1:{port}"))
    try:
        yield ready
    finally:
        ready.cancel()
        await _stop(process)


async def _start(data: Path, port: int) -> Process:
    own = {"KALEIDO_PORT": str(port), "KALEIDO_DATA": str(data), "KALEIDO_MODELS": str(Place().folder)}
    environment = os.environ | own | {LIGHT: "1"}  # the demo itself fetched weights, before the time ran
    with log_path(data).open("wb") as log:
        # Its own session: Ctrl-C reaches the demo alone, which then stops the cluster once and in order.
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "deployments.serve", str(CONFIG),
            env=environment, cwd=CONFIG.parents[1], stdout=log, stderr=STDOUT, start_new_session=True,
        )  # fmt: skip


async def _until_ready(process: Process, data: Path, url: str) -> Running:
    with suppress(TimeoutError):
        async with asyncio.timeout(START_S), httpx.AsyncClient(base_url=url) as http:
            while process.returncode is None:
                if (data / "demo-key").exists() and (engines := await _engines(http)):
                    key = (data / "demo-key").read_text("ascii").strip()
                    return Running(url, key, engines)
                await asyncio.sleep(POLL_S)
    raise DemoFailed(f"the cluster did not start:\n{log_path(data).read_text('utf-8', 'replace')}")


async def _engines(http: httpx.AsyncClient) -> list[dict[str, Any]]:
    """The cards of live engines; none while one that the demo needs is not among them."""
    try:
        cards = (await http.get("/health")).json()["engines"]
    except (httpx.HTTPError, ValueError, KeyError):
        return []
    return list(cards) if {card["engine"] for card in cards} >= NEEDED else []


async def _stop(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def log_path(data: Path) -> Path:
    """Where the cluster's own output goes."""
    return data / "cluster.log"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
