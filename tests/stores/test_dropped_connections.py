"""A connection that drops after the server has done the work: what may be sent again, and what must not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from serve_app.errors import StoreUnavailable
from serve_app.stores.redis.store import RedisStore
from tests.redis_server import PrivateRedis


class LossyProxy:
    """Passes everything on to a server; drops the answers of `losing` scripts, with their connection."""

    def __init__(self, port: int) -> None:
        self.losing = 0
        self._port = port

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            while request := await reader.read(65_536):
                to_writer.write(request)
                answer = await to_reader.read(65_536)
                if self.losing and b"EVALSHA" in request:
                    self.losing -= 1
                    return
                writer.write(answer)
        finally:
            to_writer.close()
            writer.close()


@asynccontextmanager
async def lossy_store(server: PrivateRedis) -> AsyncIterator[tuple[RedisStore, LossyProxy]]:
    """A store behind a proxy, all its scripts already known to the server."""
    proxy = LossyProxy(server.port)
    async with await asyncio.start_server(proxy.serve, "127.0.0.1", 0) as listener:
        store = RedisStore(f"redis://127.0.0.1:{listener.sockets[0].getsockname()[1]}/0")
        await store.put("warm", "a", {})
        await store.delete("warm", "a")
        await store.hit("warm", limit=1, window_s=60)
        await store.add("warm", 1.0, ttl_s=60)
        await store.release("warm", "a")
        yield store, proxy
        await store.close()


@pytest.fixture
async def lossy(redis_server: PrivateRedis) -> AsyncIterator[tuple[RedisStore, LossyProxy]]:
    redis_server.flush()
    async with lossy_store(redis_server) as pair:
        yield pair


async def test_a_hit_is_never_sent_twice(lossy: tuple[RedisStore, LossyProxy]) -> None:
    """QUO-008: a lost answer is an error, not a second count."""
    store, proxy = lossy
    proxy.losing = 1
    with pytest.raises(StoreUnavailable):
        await store.hit("requests", limit=10, window_s=60)
    assert (await store.hit("requests", limit=10, window_s=60)).remaining == 8


async def test_an_add_is_sent_again_only_under_a_name(lossy: tuple[RedisStore, LossyProxy]) -> None:
    """A named event survives a lost answer unnoticed; a nameless add is left to its caller."""
    store, proxy = lossy
    proxy.losing = 1
    assert await store.add("usage", 2.5, ttl_s=60, once="job") == 2.5
    proxy.losing = 1
    with pytest.raises(StoreUnavailable):
        await store.add("usage", 1.0, ttl_s=60)
    assert await store.total("usage") == 3.5


async def test_a_write_is_never_sent_twice(lossy: tuple[RedisStore, LossyProxy]) -> None:
    """A second sending would meet its own version as a conflict, or a delete find nothing."""
    store, proxy = lossy
    proxy.losing = 1
    with pytest.raises(StoreUnavailable):
        await store.put("things", "a", {}, expected_version=0)
    found = await store.get("things", "a")
    assert found is not None
    assert found.version == 1
    proxy.losing = 1
    with pytest.raises(StoreUnavailable):
        await store.delete("things", "a")
    assert await store.get("things", "a") is None


async def test_leases_survive_a_lost_answer(lossy: tuple[RedisStore, LossyProxy]) -> None:
    """QUO-009: a holder that asks again has its slot, not a second one; two losses in a row are an error."""
    store, proxy = lossy
    proxy.losing = 1
    assert await store.acquire("slots", "a", limit=2, ttl_s=60)
    proxy.losing = 1
    assert await store.renew("slots", "a", ttl_s=60)
    proxy.losing = 1
    assert await store.held("slots") == 1
    proxy.losing = 2
    with pytest.raises(StoreUnavailable):
        await store.release("slots", "a")
    assert await store.held("slots") == 0
    assert proxy.losing == 0
