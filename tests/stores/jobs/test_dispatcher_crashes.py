"""Dispatcher processes, killed and stopped while they run jobs, on stores that are killed and locked."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from serve_app.core.jobs import Job, JobState, new_job
from serve_app.stores import Store
from tests.conftest import eventually
from tests.redis_server import PrivateRedis
from tests.stores.jobs.dispatching import KIND
from tests.stores.opening import open_address

ROOT = Path(__file__).parents[3]
JOBS = 1000
DISPATCHERS = 4
KILL_EVERY_S = 0.25
"""GT-14."""
WAIT_S = 90.0

log = logging.getLogger(__name__)


class Dispatchers:
    """Dispatcher processes on one store, and what they witnessed."""

    def __init__(self, address: str, folder: Path) -> None:
        self._witness = folder / "witness"
        self._witness.touch()
        self._forker = subprocess.Popen(
            [sys.executable, "-m", "tests.stores.jobs.dispatching", address, str(self._witness)],
            cwd=ROOT,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # whoever forks has no other threads
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pids: list[int] = []

    def start(self) -> int:
        """A new dispatcher; its pid."""
        assert self._forker.stdin is not None
        assert self._forker.stdout is not None
        self._forker.stdin.write("\n")
        self._forker.stdin.flush()
        self.pids.append(int(self._forker.stdout.readline()))
        return self.pids[-1]

    def kill(self) -> None:
        """SIGKILL a random one and start another in its place."""
        victim = self.pids.pop(random.randrange(len(self.pids)))
        os.kill(victim, signal.SIGKILL)
        self.start()

    def drained(self) -> bool:
        """Whether all have ended."""
        return not any(Path(f"/proc/{pid}").exists() for pid in self.pids)

    def told(self, deed: str) -> list[dict[str, Any]]:
        """Every time this was witnessed; a line that a kill tore is none."""
        lines = self._witness.read_text(encoding="ascii").split("\n")[:-1]
        return [line for line in map(json.loads, lines) if line["deed"] == deed]

    def attempts(self, deed: str) -> dict[str, dict[int, float]]:
        """Job -> attempt -> when it did this."""
        found: dict[str, dict[int, float]] = defaultdict(dict)
        for line in self.told(deed):
            found[line["job"]].setdefault(line["attempt"], line["at"])
        return found

    def end(self) -> None:
        """SIGKILL everything."""
        self._forker.communicate(timeout=30)


@pytest.fixture(params=["sqlite", "redis"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store of this test's own; of a Redis with the append-only file that loses nothing."""
    if request.param == "sqlite":
        return str(tmp_path / "data" / "store.sqlite3")
    server: PrivateRedis = request.getfixturevalue("own_redis")
    return server.url


@pytest.fixture
async def store(address: str) -> AsyncIterator[Store]:
    opened = open_address(address)
    yield opened
    await opened.close()


@pytest.fixture
async def dispatchers(address: str, tmp_path: Path) -> AsyncIterator[Dispatchers]:
    running = Dispatchers(address, tmp_path)
    yield running
    running.end()


async def submit(store: Store, count: int, seconds: float) -> list[str]:
    """Jobs that take so long each; their ids."""
    ids = [str(uuid4()) for _ in range(count)]
    for job_id in ids:
        await store.submit(new_job(job_id, KIND, "team", {"seconds": seconds}, time.time()), bound=count)
    return ids


async def is_idle(store: Store) -> bool:
    backlog = await store.backlog(KIND)
    return backlog.waiting + backlog.running == 0


async def assert_each_ended_once(store: Store, dispatchers: Dispatchers, ids: list[str]) -> list[Job]:
    """Every job is there and SUCCESS, and no two of its attempts had their end accepted."""
    found = [job for job_id in ids if (job := await store.job(job_id)) is not None]
    accepted = dispatchers.attempts("accepted")
    assert [job.state for job in found] == [JobState.SUCCESS] * len(ids)
    assert all(job.result is not None and job.result["attempt"] == job.attempt for job in found)
    assert {job.id for job in found if set(accepted[job.id]) - {job.attempt}} == set()
    report(dispatchers, len(ids))
    return found


def report(dispatchers: Dispatchers, jobs: int) -> None:
    """Figures, shown with `--log-cli-level=INFO`."""
    began = {job: sorted(times.values()) for job, times in dispatchers.attempts("began").items()}
    again = [later - earlier for times in began.values() for earlier, later in pairwise(times)]
    witnessed = sum(map(len, dispatchers.attempts("accepted").values()))
    log.info(
        "%d jobs, %d executions, %d repeated (longest %.2f s after the attempt before), %d ends witnessed",
        jobs, len(again) + len(began), len(again), max(again, default=0.0), witnessed,
    )  # fmt: skip


async def until_idle(store: Store, between: Callable[[], object]) -> int:
    """Do something each KILL_EVERY_S until all jobs have ended; how often."""
    done, deadline = 0, time.monotonic() + WAIT_S
    while not await is_idle(store):
        assert time.monotonic() < deadline, await store.backlog(KIND)
        await asyncio.sleep(KILL_EVERY_S)
        between()
        done += 1
    return done


async def test_killed_dispatchers_lose_no_job(store: Store, dispatchers: Dispatchers) -> None:
    """GT-14, JOB-002, JOB-003: 1,000 jobs, four dispatchers, one killed every quarter of a second."""
    ids = await submit(store, JOBS, seconds=0.06)
    for _ in range(DISPATCHERS):
        dispatchers.start()
    kills = await until_idle(store, dispatchers.kill)
    found = await assert_each_ended_once(store, dispatchers, ids)
    log.info("%d kills", kills)
    assert max(job.attempt for job in found) > 1


async def test_a_dispatcher_that_stood_still_overwrites_nothing(
    store: Store, dispatchers: Dispatchers
) -> None:
    """JOB-003: stopped past its lease, it finds its job done by another one and lets it be."""
    (job_id,) = await submit(store, 1, seconds=0.3)
    still = dispatchers.start()
    await eventually(lambda: dispatchers.told("began"), timeout=WAIT_S)
    os.kill(still, signal.SIGSTOP)
    other = dispatchers.start()
    await eventually(lambda: is_idle(store), timeout=WAIT_S)
    ended = await store.job(job_id)
    assert ended is not None
    assert ended.result == {"by": other, "attempt": 2}
    os.kill(still, signal.SIGCONT)
    for pid in dispatchers.pids:
        os.kill(pid, signal.SIGTERM)  # they end when nothing runs any more
    await eventually(dispatchers.drained, timeout=WAIT_S)
    assert await store.job(job_id) == ended
    assert [line["by"] for line in dispatchers.told("accepted")] == [other]


async def test_a_drained_dispatcher_leaves_the_rest_to_others(store: Store, dispatchers: Dispatchers) -> None:
    """JOB-002: SIGTERM lets running jobs finish in their first attempt and claims no more."""
    ids = await submit(store, 40, seconds=0.1)
    first = dispatchers.start()
    await eventually(lambda: dispatchers.told("accepted"), timeout=WAIT_S)
    os.kill(first, signal.SIGTERM)
    await eventually(dispatchers.drained, timeout=WAIT_S)
    backlog = await store.backlog(KIND)
    assert backlog.running == 0
    assert backlog.waiting > 0
    dispatchers.start()
    await eventually(lambda: is_idle(store), timeout=WAIT_S)
    found = await assert_each_ended_once(store, dispatchers, ids)
    assert {job.attempt for job in found} == {1}


@pytest.mark.parametrize("address", ["redis"], indirect=True)
async def test_a_killed_redis_loses_no_job(
    store: Store, dispatchers: Dispatchers, own_redis: PrivateRedis
) -> None:
    """GT-14, JOB-002: killed three times while jobs run, and started again on its log."""
    ids = await submit(store, 300, seconds=0.1)
    for _ in range(DISPATCHERS):
        dispatchers.start()
    for done in (50, 100, 150):
        await eventually(partial(has_done, dispatchers, done), timeout=WAIT_S)
        met = len(dispatchers.told("away"))
        own_redis.kill()
        await eventually(partial(all_met_it, dispatchers, met), timeout=WAIT_S)
        own_redis.start()
    await eventually(lambda: is_idle(store), timeout=WAIT_S)
    await assert_each_ended_once(store, dispatchers, ids)


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
async def test_a_locked_sqlite_file_loses_no_job(
    store: Store, dispatchers: Dispatchers, address: str
) -> None:
    """JOB-002: another process keeps the file locked until the dispatchers take the store for gone."""
    ids = await submit(store, 100, seconds=0.1)
    for _ in range(DISPATCHERS):
        dispatchers.start()
    await eventually(lambda: dispatchers.told("accepted"), timeout=WAIT_S)
    with closing(sqlite3.connect(address, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        await eventually(partial(all_met_it, dispatchers, 0), timeout=WAIT_S)
    await eventually(lambda: is_idle(store), timeout=WAIT_S)
    await assert_each_ended_once(store, dispatchers, ids)


def has_done(dispatchers: Dispatchers, jobs: int) -> bool:
    return len(dispatchers.told("accepted")) >= jobs


def all_met_it(dispatchers: Dispatchers, met_before: int) -> bool:
    """Whether each dispatcher has now met a store that does not answer."""
    return {line["by"] for line in dispatchers.told("away")[met_before:]} == set(dispatchers.pids)
