"""A Redis server that dies, stands still or was never there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from serve_app.errors import StoreUnavailable
from serve_app.stores import Store
from serve_app.stores.redis.store import RedisStore
from tests.conftest import eventually, free_port
from tests.redis_server import PrivateRedis, require_redis

BOUND_S = 20.0
"""The stores promise an answer within 3 s; a busy machine gets more, a verb that hangs never passes."""
Verb = Callable[[Store], Coroutine[Any, Any, object]]
VERBS: dict[str, Verb] = {
    "get": lambda store: store.get("things", "a"),
    "put": lambda store: store.put("things", "a", {}),
    "delete": lambda store: store.delete("things", "a"),
    "list": lambda store: store.list("things"),
    "hit": lambda store: store.hit("requests", limit=1, window_s=60),
    "add": lambda store: store.add("audio", 1.0, ttl_s=60),
    "add once": lambda store: store.add("audio", 1.0, ttl_s=60, once="event"),
    "total": lambda store: store.total("audio"),
    "acquire": lambda store: store.acquire("slots", "a", limit=1, ttl_s=60),
    "renew": lambda store: store.renew("slots", "a", ttl_s=60),
    "release": lambda store: store.release("slots", "a"),
    "held": lambda store: store.held("slots"),
}


async def assert_unavailable(store: Store) -> None:
    """Every verb says so, within its bound."""
    async with asyncio.timeout(BOUND_S):
        outcomes = await asyncio.gather(*(verb(store) for verb in VERBS.values()), return_exceptions=True)
    kinds = dict(zip(VERBS, map(type, outcomes), strict=True))
    assert kinds == dict.fromkeys(VERBS, StoreUnavailable)


@pytest.mark.parametrize("appendfsync", ["always", "everysec"])
async def test_a_killed_redis_keeps_what_it_acknowledged(tmp_path: Path, appendfsync: str) -> None:
    """GT-14: Redis, killed with SIGKILL and started again, has every write it acknowledged under `always`,
    and under `everysec` every write that its log had."""
    require_redis()
    with closing_redis(PrivateRedis(tmp_path, appendfsync=appendfsync)) as server:
        store = RedisStore(server.url)
        await asyncio.gather(*(store.put("things", str(n), {"n": n}) for n in range(500)))
        await store.acquire("slots", "a", limit=1, ttl_s=600)
        if appendfsync == "everysec":  # it may answer first and write its log when the disk is idle again
            await eventually(lambda: server.info("persistence")["aof_buffer_length"] == 0, timeout=60)
        server.kill()
        server.start()
        assert {document.key for document in await store.list("things")} == {str(n) for n in range(500)}
        assert not await store.acquire("slots", "b", limit=1, ttl_s=600)
        await store.close()


@contextmanager
def closing_redis(server: PrivateRedis) -> Iterator[PrivateRedis]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.mark.parametrize("verb", VERBS)
async def test_a_restarted_redis_serves_the_next_call(
    own_redis: PrivateRedis, redis_store: RedisStore, verb: str
) -> None:
    """Connections and scripts of the old server are gone; no call fails for that."""
    await VERBS[verb](redis_store)
    own_redis.kill()
    with pytest.raises(StoreUnavailable):
        await VERBS[verb](redis_store)
    own_redis.start()
    await VERBS[verb](redis_store)


async def test_no_connection_of_the_old_redis_is_used(
    own_redis: PrivateRedis, redis_store: RedisStore
) -> None:
    """Writes, which are never sent twice, do not meet a connection the old server has closed."""

    async def write_many() -> list[int]:
        written = await asyncio.gather(*(redis_store.put("things", str(n), {}) for n in range(20)))
        return [document.version for document in written]

    assert await write_many() == [1] * 20
    await asyncio.to_thread(own_redis.kill)
    await asyncio.to_thread(own_redis.start)
    assert await write_many() == [2] * 20


async def test_a_paused_redis_is_unavailable_and_recovers(
    own_redis: PrivateRedis, redis_store: RedisStore
) -> None:
    """No verb hangs while the server stands still, and no late answer reaches the wrong caller."""
    await redis_store.put("things", "a", {"n": 1})
    own_redis.pause()
    await assert_unavailable(redis_store)
    own_redis.resume()
    await eventually(lambda: answers(redis_store))
    await redis_store.put("things", "b", {"n": 2})
    found = await asyncio.gather(*(redis_store.get("things", "b") for _ in range(100)))
    assert {document and document.body["n"] for document in found} == {2}


async def answers(store: Store) -> bool:
    try:
        await store.held("slots")
    except StoreUnavailable:
        return False
    return True


async def test_a_cancelled_verb_leaves_no_answer_behind(
    own_redis: PrivateRedis, redis_store: RedisStore
) -> None:
    """A caller who hangs up in the middle must not give its answer to the next one."""
    for n in range(40):
        await redis_store.put("things", str(n), {"n": n})
    own_redis.pause()
    waiting = [asyncio.ensure_future(redis_store.get("things", str(n))) for n in range(40)]
    await asyncio.sleep(0.05)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    own_redis.resume()
    found = await asyncio.gather(*(redis_store.get("things", str(n)) for n in range(40)))
    assert [document and document.body["n"] for document in found] == list(range(40))


async def test_a_redis_that_is_not_there_is_unavailable() -> None:
    """A clear error, without the address in it."""
    store = RedisStore(f"redis://:secret@127.0.0.1:{free_port()}/0")
    await assert_unavailable(store)
    with pytest.raises(StoreUnavailable, match=r"^Keys and limits cannot be checked right now\.$"):
        await store.get("things", "a")
    await store.close()
