"""The same tests on both stores: `store` (time moved by `clock`), and `address` for other processes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from serve_app.stores import Store
from serve_app.stores.redis.store import RedisStore
from tests.redis_server import PrivateRedis, require_redis
from tests.stores.manual_clock import ManualClock
from tests.stores.opening import open_address

DAY_S = 86_400.0


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateRedis]:
    """The Redis that tests share; one that a test breaks is started by that test."""
    require_redis()
    server = PrivateRedis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[PrivateRedis]:
    """A Redis of this test's own, to be killed and paused, with the append-only file that loses nothing."""
    require_redis()
    server = PrivateRedis(tmp_path, appendfsync="always")
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "redis"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store is: a Redis URL or the path of a SQLite file."""
    if request.param == "sqlite":
        return str(tmp_path / "data" / "store.sqlite3")
    server: PrivateRedis = request.getfixturevalue("redis_server")
    server.flush()
    return server.url


@pytest.fixture
def clock() -> ManualClock:
    """A day ahead, so that the time the Redis server itself goes by never expires a key of the test."""
    return ManualClock(float(int(time.time() + DAY_S)))


@pytest.fixture
async def store(address: str, clock: ManualClock) -> AsyncIterator[Store]:
    opened = open_address(address, clock)
    yield opened
    await opened.close()


@pytest.fixture
async def redis_store(own_redis: PrivateRedis) -> AsyncIterator[RedisStore]:
    opened = RedisStore(own_redis.url)
    yield opened
    await opened.close()
