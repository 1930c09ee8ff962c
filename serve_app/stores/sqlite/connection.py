"""One SQLite file, reached through one connection on one thread (durability: design decision 4)."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar, TypeVarTuple

from serve_app.clock import Clock
from serve_app.errors import StoreUnavailable
from serve_app.stores.encoding import micros

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
Verb = Callable[[sqlite3.Connection, int], T]
"""Gets the connection and the time in microseconds; runs on the store's thread."""

CREATING = threading.Lock()
"""Closing any descriptor of a file drops all POSIX locks this process has on it, SQLite's included; so no
other thread of this process may open the file while one creates it (sqlite.org/howtocorrupt.html, 2.2)."""
WAL_RETRY_S = 0.01
"""SQLite does not wait by itself when two processes switch a new file to WAL at once."""


class SqliteFile:
    """Runs verbs one after another on a thread of its own; a failed connection is opened anew by the next."""

    def __init__(self, path: Path, schema: str, clock: Clock, busy_timeout_s: float) -> None:
        self._path = path
        self._schema = schema
        self._schema_mark = zlib.crc32(schema.encode()) >> 1  # fits user_version; a file that has it is ready
        self._clock = clock
        self._busy_timeout_s = busy_timeout_s
        self._connection: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite")
        self._closed = False

    async def read(self, verb: Callable[[sqlite3.Connection, int, *Ts], T], *args: *Ts) -> T:
        """Run a verb of one SELECT, which needs no lock. Raises StoreUnavailable."""
        return await self._hop(self._read, lambda db, now: verb(db, now, *args))

    async def write(self, verb: Callable[[sqlite3.Connection, int, *Ts], T], *args: *Ts) -> T:
        """Run a verb as the only writer of all processes. Raises StoreUnavailable."""
        return await self._hop(self._write, lambda db, now: verb(db, now, *args))

    async def close(self) -> None:
        """Finish the verbs under way, then give up the connection and the thread."""
        if not self._closed:
            self._closed = True
            await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
            self._thread.shutdown()

    async def _hop(self, run: Callable[[Verb[T]], T], verb: Verb[T]) -> T:
        if self._closed:
            raise StoreUnavailable
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, run, verb)
        except (sqlite3.DatabaseError, OSError) as error:
            raise StoreUnavailable from error

    def _read(self, verb: Verb[T]) -> T:
        try:
            return verb(self._connected(), self._now())
        except sqlite3.DatabaseError:
            self._disconnect()
            raise

    def _write(self, verb: Verb[T]) -> T:
        try:
            with self._connected() as db:
                db.execute("BEGIN IMMEDIATE")
                return verb(db, self._now())  # the time is read under the lock: waiting for it may take long
        except sqlite3.DatabaseError:
            self._disconnect()
            raise

    def _now(self) -> int:
        return micros(self._clock.now())

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            create(self._path)
            self._connection = sqlite3.connect(self._path, timeout=self._busy_timeout_s, isolation_level=None)
            self._prepare(self._connection)
        return self._connection

    def _prepare(self, db: sqlite3.Connection) -> None:
        enter_wal(db, time.monotonic() + self._busy_timeout_s)
        # NORMAL survives a killed process; a power cut may lose the last commits, never the file.
        db.execute("PRAGMA synchronous=NORMAL")
        if db.execute("PRAGMA user_version").fetchone()[0] != self._schema_mark:
            self._create_tables(db)

    def _create_tables(self, db: sqlite3.Connection) -> None:
        with db:
            db.execute("BEGIN IMMEDIATE")
            for statement in filter(str.strip, self._schema.split(";")):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {self._schema_mark}")

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def create(path: Path) -> None:
    """Make the folder and the file readable by this user only; SQLite gives its side files the same mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with CREATING, suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def enter_wal(db: sqlite3.Connection, deadline: float) -> None:
    """Turn the write-ahead log on, waiting for others who do the same."""
    while True:
        try:
            db.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(WAL_RETRY_S)
