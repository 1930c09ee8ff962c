"""The SQLite file itself: who may read it, what happens when it is locked or broken, what stays behind."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import threading
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from serve_app.errors import StoreUnavailable
from serve_app.stores.sqlite.connection import enter_wal
from serve_app.stores.sqlite.store import SqliteStore
from tests.stores.manual_clock import ManualClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folder" / "store.sqlite3"


@pytest.fixture
async def file_store(path: Path, clock: ManualClock) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(path, clock=clock, busy_timeout_s=0.05)
    yield store
    await store.close()


def rows(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as database:
        count: int = database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
        return count


async def test_nobody_else_may_read_it(file_store: SqliteStore, path: Path) -> None:
    """Folder, file and side files are this user's only: they hold hashes of keys."""
    await file_store.put("keys", "a", {})
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert modes == {"store.sqlite3": 0o600, "store.sqlite3-wal": 0o600, "store.sqlite3-shm": 0o600}
    assert path.parent.stat().st_mode & 0o777 == 0o700


async def test_a_locked_file_is_unavailable_and_recovers(file_store: SqliteStore, path: Path) -> None:
    """A writer that never ends is not waited for; reading goes on meanwhile."""
    await file_store.put("things", "a", {"n": 1})
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable):
            await file_store.put("things", "a", {"n": 2})
        found = await file_store.get("things", "a")
        other.execute("ROLLBACK")
    assert found is not None
    assert found.body == {"n": 1}
    assert (await file_store.put("things", "a", {"n": 2})).version == 2


class Contended(sqlite3.Connection):
    """Finds the file locked three times, as when two processes switch it to WAL at once (1 in 480 opens)."""

    refusals = 3

    def execute(self, *args: Any) -> sqlite3.Cursor:
        self.refusals -= 1
        if self.refusals >= 0:
            raise sqlite3.OperationalError("database is locked")
        return super().execute(*args)


def test_a_refused_switch_to_the_log_is_tried_again(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "store.sqlite3", factory=Contended)) as database:
        with pytest.raises(sqlite3.OperationalError):
            enter_wal(database, time.monotonic() - 1)
        enter_wal(database, time.monotonic() + 60)
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def test_opening_waits_for_others_who_use_the_file(path: Path) -> None:
    """Switching to the write-ahead log needs the file for itself."""
    path.parent.mkdir(parents=True)
    store = SqliteStore(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE of_others (n)")
        other.execute("BEGIN")
        other.execute("SELECT * FROM of_others").fetchall()
        opening = asyncio.ensure_future(store.put("things", "a", {}))
        finished, _ = await asyncio.wait([opening], timeout=0.2)
        other.execute("ROLLBACK")
        assert not finished
        assert (await opening).version == 1
    await store.close()


@pytest.fixture
def broken(path: Path) -> Path:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"this is not a database, but long enough to be taken for one" * 99)
    return path


async def test_a_broken_file_is_unavailable_until_replaced(file_store: SqliteStore, broken: Path) -> None:
    """The message names neither the file nor the fault."""
    with pytest.raises(StoreUnavailable, match=r"^Keys and limits cannot be checked right now\.$"):
        await file_store.get("things", "a")
    os.unlink(broken)
    assert await file_store.get("things", "a") is None


async def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = SqliteStore(tmp_path / "file" / "store.sqlite3")
    with pytest.raises(StoreUnavailable):
        await store.held("slots")
    await store.close()


async def test_close_leaves_no_thread_and_no_way_back(path: Path) -> None:
    threads = set(threading.enumerate())
    store = SqliteStore(path)
    await store.put("things", "a", {})
    assert len(set(threading.enumerate()) - threads) == 1
    await store.close()
    await store.close()
    assert set(threading.enumerate()) == threads
    assert [file.name for file in path.parent.iterdir()] == ["store.sqlite3"]
    with pytest.raises(StoreUnavailable):
        await store.get("things", "a")


def test_several_event_loops_share_a_store(path: Path) -> None:
    """One store, four threads with a loop each, every write a version."""
    store = SqliteStore(path)

    async def write() -> None:
        for _ in range(50):
            await store.put("things", "a", {})

    threads = [threading.Thread(target=asyncio.run, args=(write(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = asyncio.run(store.get("things", "a"))
    asyncio.run(store.close())
    assert found is not None
    assert found.version == 200


async def test_a_counter_stays_small(file_store: SqliteStore, path: Path, clock: ManualClock) -> None:
    """QUO-008: the memory of a rate window has a bound, whatever its limit is and however long it is hit."""
    rng = random.Random(1)
    for _ in range(1000):
        clock.advance(rng.random())
        await file_store.hit("requests", limit=10**9, window_s=60)
    assert rows(path, "hits") <= 61


async def test_expired_rows_are_swept(file_store: SqliteStore, path: Path, clock: ManualClock) -> None:
    """What expired is deleted by later writes, so that a store does not grow for ever."""
    for n in range(100):
        await file_store.put("sessions", str(n), {}, ttl_s=10)
        await file_store.hit(f"requests:{n}", limit=1, window_s=1)
        await file_store.acquire(f"slots:{n}", "a", limit=1, ttl_s=10)
        await file_store.add(f"audio:{n}", 1.0, ttl_s=10, once="event")
    clock.advance(100)
    for n in range(3):
        await file_store.put("sessions", f"new {n}", {})
        await file_store.hit("requests", limit=9, window_s=60)
        await file_store.acquire("slots", f"new {n}", limit=9, ttl_s=10)
        await file_store.add(f"new {n}", 1.0, ttl_s=10)
    counts = {table: rows(path, table) for table in ("documents", "hits", "leases", "totals", "events")}
    assert counts == {"documents": 3, "hits": 1, "leases": 3, "totals": 3, "events": 0}
