"""The whole app in process, over real backends, with a probe surface beside the real ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from serve_app.app import create_app
from serve_app.auth import Policy
from serve_app.backends import Backends
from tests.api import probe
from tests.fakes import ManualClock, open_backends, team_with_key


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
