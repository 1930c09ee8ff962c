"""GT-14: eight real processes at one queue, and one killed with SIGKILL while it runs a job."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from itertools import chain

import pytest

from serve_app.core.jobs import Job, JobState, new_job
from serve_app.stores import Backlog, Beat, Store
from tests.stores.jobs import racing_job_workers as job_crew
from tests.stores.manual_clock import ManualClock
from tests.stores.opening import open_address
from tests.stores.racing_processes import SIZE, Crew

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(scope="module")
def processes() -> Iterator[Crew]:
    started = Crew()
    yield started
    started.close()


async def submit(store: Store, count: int, *kinds: str) -> list[str]:
    """Jobs, of these kinds by turns."""
    ids = [f"{n:04}" for n in range(count)]
    for n, job_id in enumerate(ids):
        await store.submit(new_job(job_id, kinds[n % len(kinds)], "team", {}, 0.0), bound=count)
    return ids


async def found(store: Store, job_id: str) -> Job:
    """A job that must be there."""
    job = await store.job(job_id)
    assert job is not None
    return job


async def test_each_job_is_claimed_once(processes: Crew, address: str) -> None:
    """JOB-003, GT-14: 8 processes empty a queue of 400 jobs; none is claimed twice, none is left."""
    store = open_address(address)
    ids = await submit(store, 400, "even", "odd")
    done = processes.run(job_crew.claim_all, address)
    assert sorted(chain(*done)) == [(job_id, 1) for job_id in ids]
    assert {(await found(store, job_id)).state for job_id in ids} == {JobState.SUCCESS}
    await store.close()


async def test_a_queue_never_holds_more_than_its_bound(processes: Crew, address: str) -> None:
    """JOB-007, GT-14: 8 processes submit the same 50 jobs to a queue for 20: the same 20 for all of them."""
    ids = [str(n) for n in range(50)]
    assert processes.run(job_crew.submit_all, address, ids, 20) == [20] * SIZE
    store = open_address(address)
    assert await store.backlog("even") == Backlog(waiting=20, running=0)
    await store.close()


async def test_one_end_per_job(processes: Crew, address: str) -> None:
    """JOB-003, GT-14: half of 8 processes end an attempt well, half badly: the first end stays."""
    store = open_address(address)
    await submit(store, 50, "even")
    claimed = [await store.claim(("even",), lease_s=60, attempts=3, keep_s=60) for _ in range(50)]
    told = processes.run(job_crew.finish_all, address, claimed)
    for job in filter(None, claimed):
        ended = await found(store, job.id)
        tellers = [number for number in range(SIZE) if job.id in told[number]]
        assert ended.result is not None
        assert ended.result["by"] in tellers
        assert {number % 2 for number in tellers} == {int(ended.state == JobState.FAILURE)}
    await store.close()


async def test_a_killed_worker_loses_its_lease_and_its_say(address: str) -> None:
    """JOB-002, JOB-003, GT-14: its job is free when the lease ends; what it writes late is dropped."""
    store = open_address(address)
    await submit(store, 1, "even")
    receiver, sender = SPAWN.Pipe(duplex=False)
    process = SPAWN.Process(target=job_crew.hold, args=(address, 30.0, sender), daemon=True)
    process.start()
    stale, before, after = await asyncio.to_thread(receiver.recv)
    process.kill()
    process.join()
    await store.close()
    clock = ManualClock(before + 29.9)
    store = open_address(address, clock)
    assert await store.claim(("even",), lease_s=30, attempts=3, keep_s=60) is None
    clock.time = after + 30.1
    newer = await store.claim(("even",), lease_s=30, attempts=3, keep_s=60)
    assert newer is not None
    assert (newer.id, newer.attempt) == (stale.id, 2)
    assert not await store.finish(stale, JobState.SUCCESS, keep_s=60, result={"by": "stale"})
    assert await store.heartbeat(stale, lease_s=30) is Beat.LOST
    assert await store.job(newer.id) == newer
    await store.close()
