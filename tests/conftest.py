"""What every test may need: waiting for a condition, and a free port."""

from __future__ import annotations

import asyncio
import inspect
import os
import socket
import time
from collections.abc import Awaitable, Callable

import hypothesis
import pytest

# A search that finds something new each day belongs on a desk; CI judges everybody by the same cases.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI") == "true":
    hypothesis.settings.load_profile("ci")

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
