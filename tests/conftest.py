"""What every test may need: waiting for a condition, a free port, and the whole app in process, over real
backends, with a probe surface beside the real ones."""

from __future__ import annotations

import asyncio
import inspect
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import hypothesis
import pytest
from fastapi import FastAPI

from serve_app.app import create_app
from serve_app.auth import Policy
from serve_app.backends import Backends
from tests.fakes import ManualClock, open_backends, team_with_key
from tests.http import probe

# A search that finds something new each day belongs on a desk; CI judges everybody by the same cases.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI") == "true":
    hypothesis.settings.load_profile("ci")

# Nothing is fetched, and weights that a developer pulled change no answer.
os.environ |= {"LIGHT": "1", "KALEIDO_MODELS": os.devnull}

Predicate = Callable[[], object | Awaitable[object]]
POLL_S = 0.02


async def eventually(predicate: Predicate, timeout: float = 10.0) -> None:  # noqa: ASYNC109
    """Wait until the predicate (plain or async) is true; fails the test after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (await found if inspect.isawaitable(found := predicate()) else found):
        assert time.monotonic() < deadline, f"still false after {timeout:g} s"
        await asyncio.sleep(POLL_S)


def free_port() -> int:
    """A TCP port of this host that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(name="eventually")
def eventually_fixture() -> Callable[..., Awaitable[None]]:
    return eventually


@pytest.fixture(name="free_port")
def free_port_fixture() -> Callable[[], int]:
    return free_port


@pytest.fixture
async def backends(tmp_path: Path) -> AsyncIterator[Backends]:
    async with open_backends(tmp_path) as opened:
        yield opened


@pytest.fixture
def clock(backends: Backends) -> ManualClock:
    """Moves the time of the whole app, store included."""
    assert isinstance(backends.clock, ManualClock)
    return backends.clock


@pytest.fixture
def app(backends: Backends) -> FastAPI:
    app = create_app(backends)
    app.router.routes.extend(probe.router.routes)
    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client without a key."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api.test") as client:
        yield client


@pytest.fixture
async def key(backends: Backends) -> str:
    """A raw key with room for five requests a minute."""
    _, raw = await team_with_key(backends, Policy(requests_per_minute=5))
    return raw


@pytest.fixture
def data_files(tmp_path: Path) -> Callable[[], bytes]:
    """Every byte the app has written to its data folder so far."""
    return lambda: b"".join(file.read_bytes() for file in sorted(tmp_path.rglob("*")) if file.is_file())


@pytest.fixture
def signed(client: httpx.AsyncClient, key: str) -> httpx.AsyncClient:
    """The client with a key."""
    client.headers["x-api-key"] = key
    return client
