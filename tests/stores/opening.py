"""Opens either store by its address, in tests and in the processes they start."""

from __future__ import annotations

from pathlib import Path

from serve_app.clock import Clock
from serve_app.stores import Store


def open_address(address: str, clock: Clock | None = None) -> Store:
    """A store on the real clock unless one is given."""
    if address.startswith("redis://"):
        from serve_app.stores.redis.store import RedisStore

        return RedisStore(address, clock=clock)
    from serve_app.stores.sqlite.store import SqliteStore

    return SqliteStore(Path(address), clock=clock)
