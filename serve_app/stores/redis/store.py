"""The store of a cluster: Redis 6.2 or later with its append-only file on (design decision 4).

Each verb is one Lua script, so it is atomic; the time is the server's, the one clock all hosts share.
Keys begin with `kaleido:` and carry no hash tags: a single Redis (with replicas), not Redis Cluster.

A killed server loses nothing acknowledged with `appendfsync always`. With `everysec` it may lose up to two
seconds: while an fsync is under way Redis answers before it has written its log.
"""

from __future__ import annotations

from serve_app.clock import Clock
from serve_app.errors import Conflict
from serve_app.stores.encoding import dump, finite, load, micros, window_hit, window_micros
from serve_app.stores.protocols import Document, JsonObject, WindowHit
from serve_app.stores.redis import scripts
from serve_app.stores.redis.jobs import RedisJobs
from serve_app.stores.redis.server import RedisServer


class RedisStore(RedisJobs):
    """All verbs on one server; each argument and error as in `stores.Store`. Belongs to one event loop.

    `clock` replaces the server's time, for tests.
    """

    def __init__(self, url: str, *, clock: Clock | None = None) -> None:
        self._server = RedisServer(url, clock)

    async def get(self, collection: str, key: str) -> Document | None:
        found = await self._server.repeatable(scripts.GET, _documents(collection), key)
        return Document(key, found[0], load(found[1])) if found else None

    async def put(
        self,
        collection: str,
        key: str,
        body: JsonObject,
        *,
        expected_version: int | None = None,
        ttl_s: float | None = None,
    ) -> Document:
        text = dump(body)
        expected = "" if expected_version is None else expected_version
        ttl = "" if ttl_s is None else micros(ttl_s)
        version = await self._server.once(scripts.PUT, _documents(collection), key, text, expected, ttl)
        if not version:
            raise Conflict
        return Document(key, version, load(text))

    async def delete(self, collection: str, key: str) -> bool:
        return bool(await self._server.once(scripts.DELETE, _documents(collection), key))

    async def list(self, collection: str) -> list[Document]:
        found = await self._server.repeatable(scripts.LIST, _documents(collection), "")
        return [Document(key, version, load(text)) for key, version, text in sorted(found)]

    async def hit(self, name: str, *, limit: int, window_s: float) -> WindowHit:
        window = window_micros(window_s)
        allowed, used, reset = await self._server.once(scripts.HIT, _hits(name), limit, window)
        return window_hit(allowed == 1, limit, used, reset)

    async def add(self, name: str, amount: float, *, ttl_s: float, once: str | None = None) -> float:
        run = self._server.once if once is None else self._server.repeatable
        event = [] if once is None else [once]
        return float(await run(scripts.ADD, _totals(name), repr(finite(amount)), micros(ttl_s), *event))

    async def total(self, name: str) -> float:
        return float(await self._server.repeatable(scripts.TOTAL, _totals(name)) or 0.0)

    async def acquire(self, name: str, holder: str, *, limit: int, ttl_s: float) -> bool:
        ttl = micros(ttl_s)
        return bool(await self._server.repeatable(scripts.ACQUIRE, _leases(name), holder, limit, ttl))

    async def renew(self, name: str, holder: str, *, ttl_s: float) -> bool:
        return bool(await self._server.repeatable(scripts.RENEW, _leases(name), holder, micros(ttl_s)))

    async def release(self, name: str, holder: str) -> None:
        await self._server.repeatable(scripts.RELEASE, _leases(name), holder)

    async def held(self, name: str) -> int:
        return int(await self._server.repeatable(scripts.HELD, _leases(name), ""))

    async def close(self) -> None:
        await self._server.close()


def _documents(collection: str) -> list[str]:
    return [f"kaleido:documents:{collection}", f"kaleido:expiry:{collection}"]


def _hits(name: str) -> list[str]:
    return [f"kaleido:hits:{name}"]


def _totals(name: str) -> list[str]:
    return [f"kaleido:totals:{name}"]


def _leases(name: str) -> list[str]:
    return [f"kaleido:leases:{name}"]
