"""The store of one host: a SQLite file in WAL mode, shared by any number of processes (design decision 4).

Survives SIGKILL of any process with nothing acknowledged lost. Each verb is one transaction; a row past its
`expires_at` counts as absent at once and is deleted by some later write.
"""

from __future__ import annotations

from pathlib import Path

from serve_app.clock import Clock, SystemClock
from serve_app.stores.encoding import dump, finite, micros, window_micros
from serve_app.stores.protocols import Document, JsonObject, WindowHit
from serve_app.stores.sqlite import verbs
from serve_app.stores.sqlite.connection import SqliteFile
from serve_app.stores.sqlite.job_verbs import SCHEMA as JOBS_SCHEMA
from serve_app.stores.sqlite.jobs import SqliteJobs

BUSY_TIMEOUT_S = 5.0
"""How long a verb waits for other writers: a commit takes well under 1 ms, so only a stuck host gets here."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    collection TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL,
    expires_at INTEGER NOT NULL, PRIMARY KEY (collection, key)) STRICT;
CREATE TABLE IF NOT EXISTS hits (
    name TEXT NOT NULL, expires_at INTEGER NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (name, expires_at)) STRICT;
CREATE TABLE IF NOT EXISTS totals (
    name TEXT PRIMARY KEY NOT NULL, total REAL NOT NULL, carry REAL NOT NULL,
    expires_at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS events (
    name TEXT NOT NULL, event TEXT NOT NULL, expires_at INTEGER NOT NULL, PRIMARY KEY (name, event)) STRICT;
CREATE TABLE IF NOT EXISTS leases (
    name TEXT NOT NULL, holder TEXT NOT NULL, expires_at INTEGER NOT NULL, PRIMARY KEY (name, holder)) STRICT;
CREATE INDEX IF NOT EXISTS documents_expiry ON documents (expires_at);
CREATE INDEX IF NOT EXISTS hits_expiry ON hits (expires_at);
CREATE INDEX IF NOT EXISTS totals_expiry ON totals (expires_at);
CREATE INDEX IF NOT EXISTS events_expiry ON events (expires_at);
CREATE INDEX IF NOT EXISTS leases_expiry ON leases (expires_at);
"""


class SqliteStore(SqliteJobs):
    """All verbs on one file; each argument and error as in `serve_app.stores.Store`."""

    def __init__(
        self, path: Path, *, clock: Clock | None = None, busy_timeout_s: float = BUSY_TIMEOUT_S
    ) -> None:
        self._file = SqliteFile(path, SCHEMA + JOBS_SCHEMA, clock or SystemClock(), busy_timeout_s)

    async def get(self, collection: str, key: str) -> Document | None:
        return await self._file.read(verbs.get, collection, key)

    async def put(
        self,
        collection: str,
        key: str,
        body: JsonObject,
        *,
        expected_version: int | None = None,
        ttl_s: float | None = None,
    ) -> Document:
        ttl = None if ttl_s is None else micros(ttl_s)
        return await self._file.write(verbs.put, collection, key, dump(body), expected_version, ttl)

    async def delete(self, collection: str, key: str) -> bool:
        return await self._file.write(verbs.delete, collection, key)

    async def list(self, collection: str) -> list[Document]:
        return await self._file.read(verbs.list_, collection)

    async def hit(self, name: str, *, limit: int, window_s: float) -> WindowHit:
        return await self._file.write(verbs.hit, name, limit, window_micros(window_s))

    async def add(self, name: str, amount: float, *, ttl_s: float, once: str | None = None) -> float:
        return await self._file.write(verbs.add, name, finite(amount), micros(ttl_s), once)

    async def total(self, name: str) -> float:
        return await self._file.read(verbs.total, name)

    async def acquire(self, name: str, holder: str, *, limit: int, ttl_s: float) -> bool:
        return await self._file.write(verbs.acquire, name, holder, limit, micros(ttl_s))

    async def renew(self, name: str, holder: str, *, ttl_s: float) -> bool:
        return await self._file.write(verbs.renew, name, holder, micros(ttl_s))

    async def release(self, name: str, holder: str) -> None:
        await self._file.write(verbs.release, name, holder)

    async def held(self, name: str) -> int:
        return await self._file.read(verbs.held, name)

    async def close(self) -> None:
        await self._file.close()
