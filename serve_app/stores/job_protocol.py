"""What storage must do for jobs (design decision 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from serve_app.core.jobs import Job, JobState
from serve_app.stores.protocols import JsonObject


class Beat(Enum):
    """What a heartbeat hears back."""

    KEPT = "kept"
    CANCEL = "cancel"
    """The lease is kept; the caller wants the job stopped."""
    LOST = "lost"
    """Another attempt has the job, or it has ended: stop, nothing of this attempt counts any more."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """Jobs of one kind that have not ended."""

    waiting: int
    """Not begun."""
    running: int
    """Begun: under way, lost and not yet claimed again, or between two attempts."""


class Jobs(Protocol):
    """A queue of jobs under leases (JOB-002..004, JOB-007). The moves are those of `serve_app.core.jobs`.

    A claimed `Job` carries its attempt, which is the fence: what an older attempt writes is dropped.
    """

    async def submit(self, job: Job, *, bound: int) -> Job:
        """Queue a new job. A known id changes nothing and gives the job as it is now, so a submission whose
        answer was lost can be repeated. Raises QueueFull when `bound` jobs of its kind have not begun."""
        ...

    async def claim(
        self, kinds: Sequence[str], *, lease_s: float, attempts: int, keep_s: float
    ) -> Job | None:
        """Take the job whose turn it is, of any of these kinds (`core.jobs.turn`); None when none is due.

        A job whose lease ran out is due again; after `attempts` attempts it fails instead, or is revoked when
        that was asked for, and is then kept `keep_s`.
        """
        ...

    async def heartbeat(self, claimed: Job, *, lease_s: float, progress: JsonObject | None = None) -> Beat:
        """Renew the lease, from now, and publish progress (None: leave it as it is)."""
        ...

    async def retry(self, claimed: Job, *, error: str, delay_s: float, spent: bool = True) -> bool:
        """Give a job back, due again after `delay_s`; not `spent`: the attempt does not count. False when it
        is no longer the current one."""
        ...

    async def finish(
        self,
        claimed: Job,
        state: JobState,
        *,
        keep_s: float,
        result: JsonObject | None = None,
        error: str = "",
    ) -> bool:
        """Write how the job ended, once (JOB-003); False when the attempt is no longer the current one.
        True again, and nothing written, when this very attempt has ended in this very state, so that the
        call can be repeated after a lost answer. The record is forgotten after `keep_s` (JOB-006)."""
        ...

    async def cancel(self, job_id: str, *, keep_s: float) -> Job | None:
        """Revoke a waiting job at once; ask the attempt that runs it to stop. An ended job stays as it is.
        Gives the job as it is now, None when unknown."""
        ...

    async def job(self, job_id: str) -> Job | None:
        """The job, None when unknown or forgotten."""
        ...

    async def backlog(self, kind: str) -> Backlog:
        """How many jobs of a kind wait and run."""
        ...
