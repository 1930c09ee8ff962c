"""One Redis server, reached through a small pool: bounded waits, and no script sent twice by accident."""

from __future__ import annotations

import asyncio
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionDropped
from redis.exceptions import RedisError

from serve_app.clock import Clock
from serve_app.errors import StoreUnavailable
from serve_app.stores.encoding import micros

CONNECT_S = 1.0
"""A Redis of the same cluster answers a SYN in well under a millisecond; a second means it is gone."""
OPERATION_S = 2.0
"""No script takes a millisecond; two seconds ride out a fork or a busy disk, and no caller waits longer."""
MAX_CONNECTIONS = 32
"""Far more than one process can keep busy; further verbs wait their turn instead of opening sockets."""


class RedisServer:
    """Runs Lua scripts; a dropped connection is opened anew by the next. Belongs to one event loop."""

    def __init__(self, url: str, clock: Clock | None) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=MAX_CONNECTIONS,
            timeout=CONNECT_S,
            socket_connect_timeout=CONNECT_S,
            socket_timeout=OPERATION_S,
            decode_responses=True,
            retry=Retry(NoBackoff(), 0),  # the client's own retries would count a hit twice
            protocol=2,  # with RESP3 the pool no longer notices that the server closed an idle connection
        )
        self._redis: Any = Redis.from_pool(pool)
        self._clock = clock
        self._closed = False

    async def once(self, script: str, keys: list[str], *args: str | int) -> Any:
        """Run a script that must not run twice. Raises StoreUnavailable; then it may have run or not."""
        return await self._bounded(script, keys, args, attempts=1)

    async def repeatable(self, script: str, keys: list[str], *args: str | int) -> Any:
        """Run a script that may run twice: a dropped connection sends it again. Raises StoreUnavailable."""
        return await self._bounded(script, keys, args, attempts=2)

    async def close(self) -> None:
        """Close all connections."""
        self._closed = True
        await self._redis.aclose()

    async def _bounded(self, script: str, keys: list[str], args: tuple[str | int, ...], attempts: int) -> Any:
        if self._closed:
            raise StoreUnavailable
        try:
            async with asyncio.timeout(CONNECT_S + OPERATION_S):
                return await self._send(script, keys, args, attempts)
        except (RedisError, OSError) as error:
            raise StoreUnavailable from error

    async def _send(self, script: str, keys: list[str], args: tuple[str | int, ...], attempts: int) -> Any:
        now = "" if self._clock is None else micros(self._clock.now())
        try:
            return await self._redis.register_script(script)(keys=keys, args=[now, *args])
        except ConnectionDropped:
            if attempts == 1:
                raise
            return await self._send(script, keys, args, attempts - 1)
