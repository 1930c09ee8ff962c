"""The simplest store of jobs: a dictionary, and the pure moves of `serve_app.core.jobs`."""

from __future__ import annotations

from collections import Counter

from serve_app.core import jobs
from serve_app.core.jobs import Job
from serve_app.stores import Backlog
from tests.stores.manual_clock import ManualClock


class JobModel:
    """Jobs by id, and until when those that ended, or shall end, are kept."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.jobs: dict[str, Job] = {}
        self.keeps: dict[str, float] = {}

    def drop_expired(self) -> None:
        for job_id, job in list(self.jobs.items()):
            if job.ended_at is not None and job.ended_at + self.keeps[job_id] <= self.clock.time:
                del self.jobs[job_id]

    def backlog(self, kind: str) -> Backlog:
        begun = Counter(job.begun for job in self.jobs.values() if job.kind == kind and not job.ended)
        return Backlog(begun[False], begun[True])

    def save(self, job: Job, keep_s: float | None = None) -> None:
        """A job that was moved; `keep_s` when the move said how long its end is kept."""
        self.jobs[job.id] = job
        if keep_s is not None:
            self.keeps[job.id] = keep_s

    def claim(self, kinds: list[str], lease_s: float, attempts: int, keep_s: float) -> Job | None:
        while waiting := [
            turn
            for job in self.jobs.values()
            if job.kind in kinds and (turn := jobs.turn(job, self.clock.time)) is not None
        ]:
            job = jobs.claimed(self.jobs[min(waiting)[2]], self.clock.time, lease_s, attempts)
            self.save(job, keep_s)
            if not job.ended:
                return job
        return None

    def current(self, claimed: Job) -> Job | None:
        found = self.jobs.get(claimed.id)
        return found if found and jobs.current(found, claimed.attempt) else None
