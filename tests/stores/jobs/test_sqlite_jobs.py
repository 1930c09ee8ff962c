"""Jobs in the SQLite file: what takes the write lock, and what stays behind."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from serve_app.core.jobs import Job
from serve_app.errors import StoreUnavailable
from serve_app.stores.sqlite.store import SqliteStore
from tests.stores.jobs.queueing import claim_any, submit
from tests.stores.manual_clock import ManualClock


@pytest.fixture
async def file_store(tmp_path: Path, clock: ManualClock) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "store.sqlite3", clock=clock, busy_timeout_s=0.05)
    yield store
    await store.close()


async def test_an_idle_claim_takes_no_lock(
    file_store: SqliteStore, tmp_path: Path, clock: ManualClock
) -> None:
    """JOB-002: dispatchers that poll an idle queue never wait for writers, nor writers for them."""
    await submit(file_store, clock, "a", "video")
    with closing(sqlite3.connect(tmp_path / "store.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert await claim_any(file_store, "tts") is None
        with pytest.raises(StoreUnavailable):
            await claim_any(file_store, "video")
        other.execute("ROLLBACK")
    assert isinstance(await claim_any(file_store, "video"), Job)


async def test_forgotten_jobs_are_swept(file_store: SqliteStore, tmp_path: Path, clock: ManualClock) -> None:
    """JOB-006: later submissions delete them; jobs that have not ended stay, however old they are."""
    for n in range(100):
        await submit(file_store, clock, str(n), bound=100)
        await file_store.cancel(str(n), keep_s=10)
    await submit(file_store, clock, "waiting")
    clock.advance(1e6)
    await submit(file_store, clock, "new 1")
    await submit(file_store, clock, "new 2")
    with closing(sqlite3.connect(tmp_path / "store.sqlite3")) as database:
        assert {job_id for (job_id,) in database.execute("SELECT id FROM jobs")} == {
            "waiting",
            "new 1",
            "new 2",
        }
