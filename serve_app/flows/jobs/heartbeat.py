"""Keeps the lease of a running job, publishes its progress, and hears when it is to stop."""

from __future__ import annotations

import asyncio
import logging

from serve_app.backends import Backends
from serve_app.core.job_progress import published_progress, same_stage
from serve_app.core.jobs import Job, current
from serve_app.engines import Progress
from serve_app.errors import StoreUnavailable
from serve_app.stores import Beat, JsonObject

LOOK_S = 0.1
"""How often a running job looks whether it is to stop: a read, which costs a fifth of a millisecond, while
nobody feels a tenth of a second."""
SHOW_S = 0.5
"""New progress is written at most this often: callers poll about once a second."""
BEATS_PER_LEASE = 4
"""Three heartbeats in a row may fail before a job is taken for lost."""

log = logging.getLogger("kaleido.jobs")


class Heartbeat:
    """The pulse of one attempt."""

    def __init__(self, backends: Backends, job: Job) -> None:
        self._store = backends.store
        self._clock = backends.clock
        self._lease_s = backends.settings.job_lease_s
        self._job = job
        self._beaten_at = self._clock.monotonic()
        self._unseen: JsonObject | None = None
        self._stage: tuple[Progress, float] | None = None

    def report(self, progress: Progress) -> None:
        """Take the newest progress; the next heartbeat publishes it."""
        now = self._clock.monotonic()
        if self._stage is None or not same_stage(progress, self._stage[0]):
            self._stage = (progress, now)
        first, since = self._stage
        self._unseen = published_progress(progress, first, now - since)

    async def until_stopped(self) -> Beat:
        """Keep the job until it is to stop: CANCEL or LOST. A store that is away says neither."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                beat = await (self._beat() if self._due() else self._look())
            except StoreUnavailable:
                log.warning("job %s: the store is away, the work goes on", self._job.id)
                continue
            if beat is not Beat.KEPT:
                return beat

    def _due(self) -> bool:
        pause = self._lease_s / BEATS_PER_LEASE
        if self._unseen is not None:
            pause = min(pause, SHOW_S)
        return self._clock.monotonic() - self._beaten_at >= pause

    async def _beat(self) -> Beat:
        at, progress, self._unseen = self._clock.monotonic(), self._unseen, None
        try:
            beat = await self._store.heartbeat(self._job, lease_s=self._lease_s, progress=progress)
        except StoreUnavailable:
            self._unseen = self._unseen or progress
            raise
        self._beaten_at = at
        return beat

    async def _look(self) -> Beat:
        found = await self._store.job(self._job.id)
        if found is None or not current(found, self._job.attempt):
            return Beat.LOST
        return Beat.CANCEL if found.cancel_requested else Beat.KEPT
