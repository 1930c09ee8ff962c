"""What each job verb of the SQLite store does inside its transaction: it reads the row, does the move of
`serve_app.core.jobs` on it, and writes it back. Times are microseconds of the epoch."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence

from serve_app.core import jobs
from serve_app.core.jobs import Job, JobState
from serve_app.errors import QueueFull
from serve_app.stores.encoding import MICROS, micros
from serve_app.stores.job_protocol import Backlog, Beat
from serve_app.stores.job_record import FIELDS, decode, encode, stored
from serve_app.stores.protocols import JsonObject
from serve_app.stores.sqlite.verbs import sweep

SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY NOT NULL, kind TEXT NOT NULL, team TEXT NOT NULL, payload TEXT NOT NULL,
    created_at INTEGER NOT NULL, state TEXT NOT NULL, attempt INTEGER NOT NULL, unspent INTEGER NOT NULL,
    due_at INTEGER NOT NULL, lease_until INTEGER NOT NULL, cancel_requested INTEGER NOT NULL,
    progress TEXT, result TEXT, error TEXT NOT NULL, started_at INTEGER, ended_at INTEGER, due_since INTEGER,
    keep INTEGER NOT NULL DEFAULT 0, expires_at INTEGER AS (ended_at + keep),
    begun INTEGER AS (attempt > 0)) STRICT;
CREATE INDEX IF NOT EXISTS jobs_due ON jobs (kind, begun, due_since, id) WHERE due_since IS NOT NULL;
CREATE INDEX IF NOT EXISTS jobs_expiry ON jobs (expires_at);
"""
"""Only a job that has not ended has `due_since`. `keep` is how long its end is remembered: whoever asks a
running job to stop says so, since `retry`, which may end it, does not."""
COLUMNS = (*FIELDS, "due_since")
ROW = ", ".join(FIELDS)
INSERT = f"INSERT OR REPLACE INTO jobs ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
UPDATE = (
    f"UPDATE jobs SET {', '.join(f'{name} = ?' for name in COLUMNS)}, keep = ifnull(?, keep) WHERE id = ?"
)


def values(job: Job) -> list[str | int | None]:
    since = jobs.due(job, math.inf)
    return [*encode(job).values(), None if since is None else micros(since)]


def save(db: sqlite3.Connection, job: Job, keep: int | None = None) -> None:
    db.execute(UPDATE, (*values(job), keep, job.id))


def find(db: sqlite3.Connection, now: int, job_id: str) -> Job | None:
    sql = f"SELECT {ROW} FROM jobs WHERE id = ? AND (ended_at IS NULL OR expires_at > ?)"
    row = db.execute(sql, (job_id, now)).fetchone()
    return row and decode(dict(zip(FIELDS, row, strict=True)))


def find_current(db: sqlite3.Connection, now: int, claimed: Job) -> Job | None:
    """The job, when this attempt still has it."""
    found = find(db, now, claimed.id)
    return found if found and jobs.current(found, claimed.attempt) else None


def next_due(db: sqlite3.Connection, now: int, kinds: Sequence[str]) -> str | None:
    """The id of the job whose turn it is (`core.jobs.turn`), of all these kinds."""
    sql = """SELECT due_since, id FROM jobs WHERE kind = ? AND begun = ? AND due_since <= ?
        ORDER BY due_since, id LIMIT 1"""
    for begun in (True, False):
        rows: list[tuple[int, str]] = [row for kind in kinds for row in db.execute(sql, (kind, begun, now))]
        if rows:
            return min(rows)[1]
    return None


def submit(db: sqlite3.Connection, now: int, job: Job, bound: int) -> Job:
    if known := find(db, now, job.id):
        return known
    if backlog(db, now, job.kind).waiting >= bound:
        raise QueueFull
    sweep(db, now, "jobs")
    db.execute(INSERT, values(job))
    return stored(job)


def claim(
    db: sqlite3.Connection, now: int, kinds: Sequence[str], lease_s: float, attempts: int, keep: int
) -> Job | None:
    while (job_id := next_due(db, now, kinds)) and (found := find(db, now, job_id)):
        job = jobs.claimed(found, now / MICROS, lease_s, attempts)
        save(db, job, keep)
        if not job.ended:
            return stored(job)
    return None


def heartbeat(
    db: sqlite3.Connection, now: int, claimed: Job, lease_s: float, progress: JsonObject | None
) -> Beat:
    job = find_current(db, now, claimed)
    if job is None:
        return Beat.LOST
    save(db, jobs.beaten(job, now / MICROS, lease_s, progress))
    return Beat.CANCEL if job.cancel_requested else Beat.KEPT


def retry(db: sqlite3.Connection, now: int, claimed: Job, error: str, delay_s: float, spent: bool) -> bool:
    job = find_current(db, now, claimed)
    if job is not None:
        save(db, jobs.given_back(job, now / MICROS, error, delay_s, spent=spent))
    return job is not None


def finish(
    db: sqlite3.Connection,
    now: int,
    claimed: Job,
    state: JobState,
    keep: int,
    result: JsonObject | None,
    error: str,
) -> bool:
    job = find(db, now, claimed.id)
    if job and jobs.current(job, claimed.attempt):
        save(db, jobs.finished(job, now / MICROS, state, result, error), keep)
        return True
    return job is not None and (job.attempt, job.state) == (claimed.attempt, state)


def cancel(db: sqlite3.Connection, now: int, job_id: str, keep: int) -> Job | None:
    job = find(db, now, job_id)
    if job and not job.ended:
        save(db, jobs.cancelled(job, now / MICROS), keep)
    return find(db, now, job_id)


def backlog(db: sqlite3.Connection, now: int, kind: str) -> Backlog:
    sql = "SELECT begun, COUNT(*) FROM jobs WHERE kind = ? AND due_since IS NOT NULL GROUP BY begun"
    counts = dict(db.execute(sql, (kind,)))
    return Backlog(counts.get(False, 0), counts.get(True, 0))
