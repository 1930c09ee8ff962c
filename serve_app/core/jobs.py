"""A job: its record, its states, and the legal moves between them (JOB-001..004).

Pure: what time it is comes as an argument, in seconds of the epoch. The stores do these moves atomically; a
shared test compares what they do with this page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

LOST = "The process that ran the job was lost."
"""The error of a job whose last attempt ended without a word."""


class JobState(StrEnum):
    """Public names of the states (JOB-001)."""

    PENDING = "PENDING"
    STARTED = "STARTED"
    RETRY = "RETRY"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    REVOKED = "REVOKED"


ENDED = frozenset({JobState.SUCCESS, JobState.FAILURE, JobState.REVOKED})
WAITING = frozenset({JobState.PENDING, JobState.RETRY})


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of asynchronous work."""

    id: str
    """A UUID."""
    kind: str
    """Which flow runs it, for example `tts`; each kind has a queue of its own."""
    team: str
    payload: Mapping[str, Any]
    """What the flow needs; plain JSON."""
    created_at: float
    state: JobState = JobState.PENDING
    attempt: int = 0
    """Grows with each claim; it is the fence number (JOB-003)."""
    unspent: int = 0
    """Attempts that do not count, since their process was stopped on purpose."""
    due_at: float = 0.0
    """When a waiting job may be claimed."""
    lease_until: float = 0.0
    """When a running job is given up for lost."""
    cancel_requested: bool = False
    progress: Mapping[str, Any] | None = None
    result: Mapping[str, Any] | None = None
    """What the flow gave; of a job that failed the public code of its error."""
    error: str = ""
    """Public text of the last failure."""
    started_at: float | None = None
    """When the newest attempt began."""
    ended_at: float | None = None

    @property
    def uploads(self) -> list[str]:
        """Paths of the files that came with it."""
        own = uploads_folder(self.team, self.id)
        return [path for path in self.payload.values() if isinstance(path, str) and path.startswith(own)]

    @property
    def begun(self) -> bool:
        """True once an attempt has been made."""
        return self.attempt > 0

    @property
    def spent(self) -> int:
        """Attempts that count (JOB-004)."""
        return self.attempt - self.unspent

    @property
    def ended(self) -> bool:
        """True in a terminal state, which never changes."""
        return self.state in ENDED


def new_job(job_id: str, kind: str, team: str, payload: Mapping[str, Any], now: float) -> Job:
    """A job that is due at once."""
    return Job(job_id, kind, team, payload, created_at=now, due_at=now)


def uploads_folder(team: str, job_id: str) -> str:
    """Where the files lie that came with a job; given out again only in the report of a reading."""
    return f"inputs/{team}/{job_id}/"


def due(job: Job, now: float) -> float | None:
    """Since when the job may be claimed; None when it may not."""
    since = job.due_at if job.state in WAITING else job.lease_until
    return None if job.ended or since > now else since


def turn(job: Job, now: float) -> tuple[bool, float, str] | None:
    """The job with the least of these is claimed next; None when it may not be claimed. What was begun goes
    before all that was not: a lost job must not wait behind a long queue once more (JOB-002)."""
    since = due(job, now)
    return None if since is None else (not job.begun, since, job.id)


def claimed(job: Job, now: float, lease_s: float, attempts: int) -> Job:
    """A due job with its next attempt begun; or ended, when it was to be cancelled or has none left."""
    if job.cancel_requested:
        return replace(job, state=JobState.REVOKED, ended_at=now)
    if job.spent >= attempts:
        return replace(job, state=JobState.FAILURE, error=LOST, ended_at=now)
    return replace(
        job, state=JobState.STARTED, attempt=job.attempt + 1, lease_until=now + lease_s, started_at=now
    )


def current(job: Job, attempt: int) -> bool:
    """Whether this attempt still has the job; if not, nothing it says counts (JOB-003)."""
    return job.state == JobState.STARTED and job.attempt == attempt


def beaten(job: Job, now: float, lease_s: float, progress: Mapping[str, Any] | None) -> Job:
    """A running job after a heartbeat."""
    shown = job.progress if progress is None else progress
    return replace(job, lease_until=now + lease_s, progress=shown)


def given_back(job: Job, now: float, error: str, delay_s: float, *, spent: bool = True) -> Job:
    """A running job that waits for its next attempt; one that was to be cancelled ends here."""
    if job.cancel_requested:
        return replace(job, state=JobState.REVOKED, ended_at=now)
    unspent = job.unspent + (not spent)
    return replace(job, state=JobState.RETRY, error=error, due_at=now + delay_s, unspent=unspent)


def finished(job: Job, now: float, state: JobState, result: Mapping[str, Any] | None, error: str) -> Job:
    """A running job in its terminal state."""
    return replace(job, state=state, result=result, error=error, ended_at=now)


def cancelled(job: Job, now: float) -> Job:
    """A job after its owner's wish to stop it: revoked when it waits, marked when it runs."""
    if job.state in WAITING:
        return replace(job, state=JobState.REVOKED, ended_at=now)
    return job if job.ended else replace(job, cancel_requested=True)
