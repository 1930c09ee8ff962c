"""Which store a machine's settings name."""

from __future__ import annotations

from pathlib import Path

import pytest

from serve_app.settings import Settings
from serve_app.stores import open_store
from serve_app.stores.redis.store import RedisStore
from serve_app.stores.sqlite.store import SqliteStore


async def test_sqlite_is_the_default(tmp_path: Path) -> None:
    """Nothing is written before the first verb."""
    store = open_store(Settings(data=tmp_path / "data"))
    assert isinstance(store, SqliteStore)
    assert not (tmp_path / "data").exists()
    await store.put("things", "a", {})
    assert (tmp_path / "data" / "store.sqlite3").exists()
    await store.close()


@pytest.mark.parametrize(
    "scheme", ["redis://localhost:1/0", "rediss://localhost:1/0", "unix:///nowhere.sock"]
)
async def test_a_redis_address_is_a_redis_store(scheme: str, tmp_path: Path) -> None:
    store = open_store(Settings(data=tmp_path, store_url=scheme))
    assert isinstance(store, RedisStore)
    await store.close()


@pytest.mark.parametrize("address", ["postgres://user:secret@host/db", "localhost:6379", "/some/file"])
def test_any_other_address_is_refused_without_repeating_it(address: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="KALEIDO_STORE_URL") as refusal:
        open_store(Settings(data=tmp_path, store_url=address))
    assert address not in str(refusal.value)
