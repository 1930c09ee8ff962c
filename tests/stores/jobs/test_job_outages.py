"""Jobs when Redis dies, is not there, or does the work and its answer is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from serve_app.core.jobs import Job, JobState, new_job
from serve_app.errors import QueueFull, StoreUnavailable
from serve_app.stores import Backlog, Beat, Store
from serve_app.stores.redis.store import RedisStore
from tests.conftest import free_port
from tests.redis_server import PrivateRedis
from tests.stores.test_dropped_connections import LossyProxy, lossy_store

Lossy = tuple[RedisStore, LossyProxy]


@pytest.fixture
async def lossy(redis_server: PrivateRedis) -> AsyncIterator[Lossy]:
    """A store whose server knows the scripts already."""
    redis_server.flush()
    async with lossy_store(redis_server) as (store, proxy):
        await submit(store, "warm", "warm")
        claimed = await claim(store, "warm")
        await store.heartbeat(claimed, lease_s=60)
        await store.retry(claimed, error="", delay_s=60)
        await store.cancel("warm", keep_s=60)
        await store.finish(claimed, JobState.SUCCESS, keep_s=60)
        await store.backlog("warm")
        yield store, proxy


async def submit(store: Store, job_id: str, kind: str = "tts", bound: int = 999) -> Job:
    return await store.submit(new_job(job_id, kind, "team", {"n": job_id}, 0.0), bound=bound)


async def claim(store: Store, kind: str = "tts") -> Job:
    job = await store.claim((kind,), lease_s=60, attempts=3, keep_s=60)
    assert job is not None
    return job


async def test_a_submission_survives_a_lost_answer(lossy: Lossy) -> None:
    """JOB-002, JOB-007: sent again it finds its own job, also in the last place of the queue."""
    store, proxy = lossy
    proxy.losing = 1
    assert (await submit(store, "a", bound=1)).state == JobState.PENDING
    assert await store.backlog("tts") == Backlog(waiting=1, running=0)
    with pytest.raises(QueueFull):
        await submit(store, "b", bound=1)


async def test_a_claim_is_never_sent_twice(lossy: Lossy) -> None:
    """JOB-004: a lost answer costs one job one attempt, not two jobs one each."""
    store, proxy = lossy
    await submit(store, "a")
    await submit(store, "b")
    proxy.losing = 1
    with pytest.raises(StoreUnavailable):
        await claim(store)
    assert await store.backlog("tts") == Backlog(waiting=1, running=1)
    assert (await claim(store)).attempt == 1


async def test_an_attempt_survives_lost_answers(lossy: Lossy) -> None:
    """JOB-003: heartbeat, cancel and finish are sent again, and answer as if nothing had happened."""
    store, proxy = lossy
    await submit(store, "a")
    claimed = await claim(store)
    proxy.losing = 1
    assert await store.heartbeat(claimed, lease_s=60, progress={"step": 1}) is Beat.KEPT
    proxy.losing = 1
    asked = await store.cancel("a", keep_s=60)
    assert asked is not None
    assert (asked.cancel_requested, asked.progress) == (True, {"step": 1})
    proxy.losing = 1
    assert await store.finish(claimed, JobState.SUCCESS, keep_s=60, result={"n": 1})
    proxy.losing = 1
    found = await store.job("a")
    assert found is not None
    assert (found.state, found.result) == (JobState.SUCCESS, {"n": 1})


async def test_a_job_is_given_back_once(lossy: Lossy) -> None:
    """JOB-004: sent again, giving back finds it done; the pause and the attempts stay as they were."""
    store, proxy = lossy
    await submit(store, "a")
    claimed = await claim(store)
    proxy.losing = 1
    assert not await store.retry(claimed, error="why", delay_s=0)
    found = await store.job("a")
    assert found is not None
    assert (found.state, found.attempt, found.error) == (JobState.RETRY, 1, "why")
    assert (await claim(store)).attempt == 2


async def test_a_killed_redis_keeps_every_job(own_redis: PrivateRedis, redis_store: RedisStore) -> None:
    """JOB-002, GT-14: under `always`, what was acknowledged survives SIGKILL: jobs, claims and ends."""
    await asyncio.gather(*(submit(redis_store, str(n)) for n in range(300)))
    claimed = await asyncio.gather(*(claim(redis_store) for _ in range(20)))
    ends = [redis_store.finish(job, JobState.SUCCESS, keep_s=60, result={"n": 1}) for job in claimed[:10]]
    assert all(await asyncio.gather(*ends))
    known = {str(n): await redis_store.job(str(n)) for n in range(300)}
    own_redis.kill()
    own_redis.start()
    assert {str(n): await redis_store.job(str(n)) for n in range(300)} == known
    assert await redis_store.backlog("tts") == Backlog(waiting=280, running=10)
    assert await redis_store.heartbeat(claimed[-1], lease_s=60) is Beat.KEPT
    assert (await claim(redis_store)).id not in {job.id for job in claimed}


async def test_without_redis_every_verb_is_unavailable() -> None:
    """JOB-002: nothing is acknowledged that was not done."""
    store = RedisStore(f"redis://127.0.0.1:{free_port()}/0")
    job = new_job("a", "tts", "team", {}, 0.0)
    verbs = [
        store.submit(job, bound=1),
        store.claim(("tts",), lease_s=1, attempts=3, keep_s=60),
        store.heartbeat(job, lease_s=1),
        store.retry(job, error="", delay_s=1),
        store.finish(job, JobState.SUCCESS, keep_s=60),
        store.cancel("a", keep_s=60),
        store.job("a"),
        store.backlog("tts"),
    ]
    outcomes = await asyncio.gather(*verbs, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {StoreUnavailable}
    await store.close()
