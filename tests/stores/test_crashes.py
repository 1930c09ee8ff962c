"""Processes killed with SIGKILL while they hold a slot or write."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.stores.manual_clock import ManualClock
from tests.stores.opening import open_address

ROOT = Path(__file__).parents[2]


@contextmanager
def victim(*words: str) -> Iterator[subprocess.Popen[str]]:
    """A process of `tests.stores.killed_process`, killed with SIGKILL at the end if not before."""
    command = [sys.executable, "-m", "tests.stores.killed_process", *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


async def test_a_killed_holder_frees_its_slot_in_time(address: str) -> None:
    """QUO-009, GT-14: the slot of a process killed with SIGKILL is held for its time to live, no longer."""
    with victim("hold", address, "30") as process:
        assert process.stdout is not None
        before, after = json.loads(process.stdout.readline())
        process.kill()
        process.wait()
    clock = ManualClock(before + 29.9)
    store = open_address(address, clock)
    assert not await store.acquire("slots", "other", limit=1, ttl_s=30)
    clock.time = after + 30.1
    assert await store.acquire("slots", "other", limit=1, ttl_s=30)
    await store.close()


@pytest.mark.parametrize("acknowledged", [1, 50, 300])
async def test_a_killed_writer_loses_nothing_acknowledged(address: str, acknowledged: int) -> None:
    """GT-14: after SIGKILL in the middle of writing, every acknowledged document is there."""
    with victim("write", address) as process:
        assert process.stdout is not None
        known = [process.stdout.readline().strip() for _ in range(acknowledged)]
        process.kill()
        known += process.stdout.read().split("\n")[:-1]  # whole lines it got out before it died
    store = open_address(address)
    found = {document.key: document.body for document in await store.list("things")}
    assert set(known) <= set(found)
    assert all(body == {"key": key, "text": "ก" * 200} for key, body in found.items())
    await store.close()
    if not address.startswith("redis://"):
        with closing(sqlite3.connect(address)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
