"""What the Redis store leaves on the server, by the server's own clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from unittest.mock import ANY

import pytest
import redis

from serve_app.core.jobs import JobState, new_job
from serve_app.errors import StoreUnavailable
from serve_app.stores.redis.store import RedisStore
from tests.conftest import eventually
from tests.redis_server import PrivateRedis
from tests.stores.manual_clock import ManualClock


@pytest.fixture
async def real_time(redis_server: PrivateRedis) -> AsyncIterator[RedisStore]:
    redis_server.flush()
    store = RedisStore(redis_server.url)
    yield store
    await store.close()


async def test_everything_that_expires_leaves_by_itself(
    real_time: RedisStore, redis_server: PrivateRedis
) -> None:
    """QUO-009: on the server's clock, and without any later call to clean up."""
    await real_time.put("sessions", "a", {}, ttl_s=0.2)
    await real_time.put("sessions", "b", {}, ttl_s=0.4)
    await real_time.acquire("slots", "a", limit=1, ttl_s=0.2)
    await real_time.hit("requests", limit=1, window_s=0.2)
    await real_time.add("audio", 1.0, ttl_s=0.2, once="event")
    await eventually(lambda: redis_server.keys() == [])
    assert await real_time.acquire("slots", "b", limit=1, ttl_s=60)


async def test_only_ended_jobs_leave_by_themselves(real_time: RedisStore, redis_server: PrivateRedis) -> None:
    """JOB-006: a job that waits or runs is never forgotten; one that has ended leaves nothing."""
    for job_id in "abcde":
        await real_time.submit(new_job(job_id, "tts", "team", {}, float(ord(job_id))), bound=9)
    claimed = [await real_time.claim(("tts",), lease_s=60, attempts=3, keep_s=60) for _ in "abc"]
    first, second, third = (job for job in claimed if job)
    await real_time.finish(first, JobState.SUCCESS, keep_s=0.2, result={})
    await real_time.cancel(second.id, keep_s=0.2)
    await real_time.retry(second, error="", delay_s=0)
    await real_time.cancel("d", keep_s=0.2)
    queues = ["kaleido:jobs:begun:tts", "kaleido:jobs:waiting:tts"]
    await eventually(lambda: redis_server.keys() == [f"kaleido:job:{third.id}", "kaleido:job:e", *queues])
    with redis.Redis.from_url(redis_server.url) as client:
        assert set(map(client.ttl, client.keys())) == {-1}
    await real_time.finish(third, JobState.SUCCESS, keep_s=0, result={})
    await real_time.cancel("e", keep_s=0)
    await eventually(lambda: redis_server.keys() == [])


async def test_a_lasting_document_keeps_its_collection(
    real_time: RedisStore, redis_server: PrivateRedis
) -> None:
    """Whatever the order of lasting and passing documents, only the passing ones go."""
    await real_time.put("things", "passing", {}, ttl_s=0.1)
    await real_time.put("things", "lasting", {})
    await real_time.put("things", "passing too", {}, ttl_s=0.1)
    await real_time.put("changed", "a", {})
    await real_time.put("changed", "a", {}, ttl_s=0.1)
    await eventually(lambda: redis_server.keys() == ["kaleido:documents:things", "kaleido:expiry:things"])

    async def swept() -> bool:
        return [document.key for document in await real_time.list("things")] == ["lasting"]

    await eventually(swept)
    await real_time.put("things", "lasting", {})
    assert redis_server.keys() == ["kaleido:documents:things"]


async def test_a_counter_stays_small(redis_server: PrivateRedis, clock: ManualClock) -> None:
    """QUO-008: the memory of a rate window has a bound, whatever its limit is and however long it is hit."""
    redis_server.flush()
    store = RedisStore(redis_server.url, clock=clock)
    for _ in range(500):
        clock.advance(0.7)
        await store.hit("requests", limit=10**9, window_s=60)
    await store.close()
    with redis.Redis.from_url(redis_server.url) as client:
        assert client.hlen("kaleido:hits:requests") <= 61
        assert client.keys("*") == [b"kaleido:hits:requests"]


async def test_close_leaves_no_connection_and_no_way_back(redis_server: PrivateRedis) -> None:
    store = RedisStore(redis_server.url)
    await store.held("slots")
    await store.close()
    await store.close()
    with redis.Redis.from_url(redis_server.url) as client:
        await eventually(lambda: client.client_list() == [ANY])  # its own
    with pytest.raises(StoreUnavailable):
        await store.held("slots")


async def test_a_full_server_is_unavailable(own_redis: PrivateRedis, redis_store: RedisStore) -> None:
    """A server that refuses to write is no fault of the caller."""
    await redis_store.put("things", "a", {})
    with redis.Redis.from_url(own_redis.url) as client:
        client.config_set("maxmemory", 1)
        with pytest.raises(StoreUnavailable):
            await redis_store.put("things", "b", {})
        client.config_set("maxmemory", 0)
    await redis_store.put("things", "b", {})
