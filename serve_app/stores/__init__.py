"""What storage must do (`*protocol*.py`), and which store a machine uses: `open_store`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from serve_app.stores.file_protocol import Files, StoredFile
from serve_app.stores.job_protocol import Backlog, Beat, Jobs
from serve_app.stores.protocols import Counters, Document, Documents, JsonObject, Leases, WindowHit

if TYPE_CHECKING:
    from serve_app.settings import Settings

__all__ = [
    "Backlog",
    "Beat",
    "Counters",
    "Document",
    "Documents",
    "Files",
    "Jobs",
    "JsonObject",
    "Leases",
    "Store",
    "StoredFile",
    "WindowHit",
    "open_store",
]

REDIS_SCHEMES = ("redis://", "rediss://", "unix://")


class Store(Documents, Counters, Leases, Jobs, Protocol):
    """All verbs of one store."""

    async def close(self) -> None:
        """Give up connections and threads."""
        ...


def open_store(settings: Settings) -> Store:
    """The store of this machine: Redis when `store_url` names one, else SQLite in the `data` folder.

    Touches neither network nor disk: the first verb does, and raises StoreUnavailable. Raises ValueError
    for an address that is no Redis address; its text leaves the address out, which may hold a password.
    """
    if settings.store_url.startswith(REDIS_SCHEMES):
        from serve_app.stores.redis.store import RedisStore

        return RedisStore(settings.store_url)
    if settings.store_url:
        raise ValueError(f"KALEIDO_STORE_URL must begin with one of {', '.join(REDIS_SCHEMES)} or be empty.")
    from serve_app.stores.sqlite.store import SqliteStore

    return SqliteStore(settings.data / "store.sqlite3")
