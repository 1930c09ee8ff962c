"""Claims jobs and runs their flows; any number of dispatchers share one store (design decision 5)."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress

from serve_app.backends import Backends
from serve_app.core.jobs import Job
from serve_app.errors import KaleidoError, StoreUnavailable
from serve_app.flows.jobs.attempt import execute
from serve_app.flows.jobs.flow import JobFlow
from serve_app.stores import Backlog

POLL_S = 0.02
"""Pause after a claim that found nothing. It is what a job waits on an idle dispatcher, short against any
engine, and fifty empty claims a second cost a hundredth of a core."""
STORE_AWAY_S = 0.5
"""Pause after a claim that the store did not answer, which itself took up to seconds."""
SWEEP_S = 600.0
"""Expired files are unreachable at once; the disk only has to keep up with their number."""

log = logging.getLogger("kaleido.jobs")


class Dispatcher:
    """Runs up to `concurrency[kind]` jobs of each kind at once. Belongs to one event loop."""

    def __init__(
        self, backends: Backends, flows: Mapping[str, JobFlow], concurrency: Mapping[str, int]
    ) -> None:
        """Raises ValueError for a kind that has no flow."""
        if unknown := sorted(concurrency.keys() - flows.keys()):
            raise ValueError(f"no flow for jobs of kind {', '.join(unknown)}")
        self._backends = backends
        self._flows = flows
        self._concurrency = concurrency
        self._running: dict[asyncio.Task[None], str] = {}
        self._draining = False
        self._loops: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to claim; needs neither the store nor a model to be there yet."""
        self._loops = [asyncio.create_task(self._claim_on()), asyncio.create_task(self._sweep_on())]

    def check(self) -> None:
        """Raise RuntimeError when jobs are no longer claimed."""
        if any(loop.done() for loop in self._loops):
            raise RuntimeError("the dispatcher has stopped")

    @property
    def running(self) -> int:
        """Jobs this dispatcher runs now."""
        return len(self._running)

    async def backlog(self) -> Mapping[str, Backlog]:
        """Jobs of each kind on all dispatchers together. Raises StoreUnavailable."""
        return {kind: await self._backends.store.backlog(kind) for kind in self._concurrency}

    async def drain(self, grace_s: float) -> None:
        """Claim no more, let running jobs finish for `grace_s`, then hand the others back."""
        self._draining = True
        claiming, sweeping = self._loops
        sweeping.cancel()
        # Not cancelled: a claim whose answer nobody takes would cost its job a lease and an attempt.
        await asyncio.wait((claiming, sweeping))
        if self._running:
            await asyncio.wait(tuple(self._running), timeout=grace_s)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _claim_on(self) -> None:
        while not self._draining:
            try:
                job = await self._claim()
            except StoreUnavailable:
                log.warning("no jobs are claimed: the store is away")
                await asyncio.sleep(STORE_AWAY_S)
                continue
            if job is None:
                await asyncio.sleep(POLL_S)
            else:
                self._begin(job)

    async def _claim(self) -> Job | None:
        busy = Counter(self._running.values())
        kinds = [kind for kind, most in self._concurrency.items() if busy[kind] < most]
        settings = self._backends.settings
        if not kinds:
            return None
        return await self._backends.store.claim(
            kinds, lease_s=settings.job_lease_s, attempts=settings.job_attempts, keep_s=settings.job_keep_s
        )

    def _begin(self, job: Job) -> None:
        task = asyncio.create_task(execute(self._backends, job, self._flows[job.kind]))
        self._running[task] = job.kind
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("an attempt at a job broke off", exc_info=error)

    async def _sweep_on(self) -> None:
        while True:
            with suppress(KaleidoError, OSError):  # the next sweep finds what this one left
                await self._backends.files.sweep()
            await asyncio.sleep(SWEEP_S)
