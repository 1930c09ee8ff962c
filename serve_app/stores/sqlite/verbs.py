"""What each verb of the SQLite store does inside its transaction; times are microseconds of the epoch."""

from __future__ import annotations

import sqlite3

from serve_app.errors import Conflict
from serve_app.stores.encoding import SUB_WINDOWS, SWEEP_LIMIT, load, window_hit
from serve_app.stores.protocols import Document, WindowHit

NEVER = 2**63 - 1
"""`expires_at` of a document without a time to live."""


def sweep(db: sqlite3.Connection, now: int, table: str) -> None:
    expired = f"SELECT rowid FROM {table} WHERE expires_at <= ? LIMIT {SWEEP_LIMIT}"
    db.execute(f"DELETE FROM {table} WHERE rowid IN ({expired})", (now,))


def get(db: sqlite3.Connection, now: int, collection: str, key: str) -> Document | None:
    sql = "SELECT version, body FROM documents WHERE collection = ? AND key = ? AND expires_at > ?"
    row = db.execute(sql, (collection, key, now)).fetchone()
    return row and Document(key, row[0], load(row[1]))


def put(
    db: sqlite3.Connection,
    now: int,
    collection: str,
    key: str,
    text: str,
    expected_version: int | None,
    ttl: int | None,
) -> Document:
    sql = "SELECT version FROM documents WHERE collection = ? AND key = ? AND expires_at > ?"
    row = db.execute(sql, (collection, key, now)).fetchone()
    version: int = row[0] if row else 0
    if expected_version not in (None, version):
        raise Conflict
    sweep(db, now, "documents")
    expires_at = NEVER if ttl is None else now + ttl
    row = (collection, key, version + 1, text, expires_at)
    db.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?)", row)
    return Document(key, version + 1, load(text))


def delete(db: sqlite3.Connection, now: int, collection: str, key: str) -> bool:
    sql = "DELETE FROM documents WHERE collection = ? AND key = ? AND expires_at > ?"
    return db.execute(sql, (collection, key, now)).rowcount == 1


def list_(db: sqlite3.Connection, now: int, collection: str) -> list[Document]:
    sql = "SELECT key, version, body FROM documents WHERE collection = ? AND expires_at > ? ORDER BY key"
    return [Document(key, version, load(text)) for key, version, text in db.execute(sql, (collection, now))]


def hit(db: sqlite3.Connection, now: int, name: str, limit: int, window: int) -> WindowHit:
    sweep(db, now, "hits")
    sql = "SELECT expires_at, count FROM hits WHERE name = ? AND expires_at > ? ORDER BY expires_at"
    live: list[tuple[int, int]] = db.execute(sql, (name, now)).fetchall()
    used = sum(count for _, count in live)
    if used >= limit:
        return window_hit(False, limit, used, room_at(live, used - limit, now + window) - now)
    step = -(-window // SUB_WINDOWS)
    leaves_at = (now // step + 1) * step + window  # when the sub-window of this hit is wholly outside
    count = "INSERT INTO hits VALUES (?, ?, 1) ON CONFLICT (name, expires_at) DO UPDATE SET count = count + 1"
    db.execute(count, (name, leaves_at))
    return window_hit(True, limit, used + 1, leaves_at - now)


def room_at(live: list[tuple[int, int]], excess: int, never: int) -> int:
    """When more than `excess` hits have left, oldest first; `never` if there are not as many (limit 0)."""
    for leaves_at, count in live:
        excess -= count
        if excess < 0:
            return leaves_at
    return never


def add(db: sqlite3.Connection, now: int, name: str, amount: float, ttl: int, once: str | None) -> float:
    sweep(db, now, "events")
    total, carry, expires_at = running(db, now, name, ttl)
    if once is not None:
        known = db.execute("INSERT OR IGNORE INTO events VALUES (?, ?, ?)", (name, once, expires_at))
        if known.rowcount == 0:
            return total
    total, carry = compensated(total, carry, amount)
    db.execute("UPDATE totals SET total = ?, carry = ? WHERE name = ?", (total, carry, name))
    return total


def running(db: sqlite3.Connection, now: int, name: str, ttl: int) -> tuple[float, float, int]:
    """The total, its carry and its expiry; a forgotten total starts anew, and so do its events."""
    sql = "SELECT total, carry, expires_at FROM totals WHERE name = ? AND expires_at > ?"
    row: tuple[float, float, int] | None = db.execute(sql, (name, now)).fetchone()
    if row is None:
        row = (0.0, 0.0, now + ttl)
        sweep(db, now, "totals")
        db.execute("DELETE FROM events WHERE name = ?", (name,))
        db.execute("INSERT OR REPLACE INTO totals VALUES (?, ?, ?, ?)", (name, *row))
    return row


def compensated(total: float, carry: float, amount: float) -> tuple[float, float]:
    """Kahan (1965): the error of a sum stays at one rounding however many small amounts are added."""
    amount -= carry
    larger = total + amount
    return larger, (larger - total) - amount


def total(db: sqlite3.Connection, now: int, name: str) -> float:
    row = db.execute("SELECT total FROM totals WHERE name = ? AND expires_at > ?", (name, now)).fetchone()
    return row[0] if row else 0.0


def acquire(db: sqlite3.Connection, now: int, name: str, holder: str, limit: int, ttl: int) -> bool:
    if renew(db, now, name, holder, ttl):
        return True
    sweep(db, now, "leases")
    if held(db, now, name) >= limit:
        return False
    db.execute("INSERT OR REPLACE INTO leases VALUES (?, ?, ?)", (name, holder, now + ttl))
    return True


def renew(db: sqlite3.Connection, now: int, name: str, holder: str, ttl: int) -> bool:
    sql = "UPDATE leases SET expires_at = ? WHERE name = ? AND holder = ? AND expires_at > ?"
    return db.execute(sql, (now + ttl, name, holder, now)).rowcount == 1


def release(db: sqlite3.Connection, now: int, name: str, holder: str) -> None:
    db.execute("DELETE FROM leases WHERE name = ? AND holder = ?", (name, holder))


def held(db: sqlite3.Connection, now: int, name: str) -> int:
    sql = "SELECT COUNT(*) FROM leases WHERE name = ? AND expires_at > ?"
    count: int = db.execute(sql, (name, now)).fetchone()[0]
    return count
