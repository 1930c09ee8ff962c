"""The caller's side of jobs: submit, look, wait, cancel. What runs them is `attempt`."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress

from serve_app.backends import Backends
from serve_app.core.fields import LARGEST_SEED
from serve_app.core.jobs import Job, new_job
from serve_app.errors import NotFound
from serve_app.stores import Jobs, JsonObject

POLL_S = 0.05
"""A look at a record costs the store a fraction of a millisecond; a shorter pause is not felt by anyone."""


def random_seed() -> int:
    """For callers who give none; drawn once, so that every attempt at a job is alike."""
    return secrets.randbelow(LARGEST_SEED + 1)


async def submit_job(
    backends: Backends, kind: str, team: str, payload: JsonObject, *, job_id: str, bound: int
) -> Job:
    """Queue a job under an id chosen before (`idempotency.once`); a known id gives the job as it is now.

    Raises QueueFull when `bound` jobs of the kind wait (JOB-007), StoreUnavailable.
    """
    job = new_job(job_id, kind, team, payload, backends.clock.now())
    return await backends.store.submit(job, bound=bound)


async def job_status(store: Jobs, job_id: str, *, kind: str, team: str) -> Job:
    """A job of this kind and team. Raises NotFound: unknown, forgotten, foreign, another kind (KEY-015)."""
    job = await store.job(job_id)
    if job is None or (job.kind, job.team) != (kind, team):
        raise NotFound
    return job


async def wait_for_job(store: Jobs, job_id: str, *, kind: str, team: str, timeout_s: float) -> Job:
    """The job once it has ended, or as it is when the time is over. Raises NotFound."""
    job = await job_status(store, job_id, kind=kind, team=team)
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            while not job.ended:
                await asyncio.sleep(POLL_S)
                job = await job_status(store, job_id, kind=kind, team=team)
    return job


async def cancel_job(backends: Backends, job_id: str, *, kind: str, team: str) -> Job:
    """Revoke a job that waits, ask one that runs to stop, leave one that has ended. Raises NotFound."""
    await job_status(backends.store, job_id, kind=kind, team=team)
    job = await backends.store.cancel(job_id, keep_s=backends.settings.job_keep_s)
    if job is None:
        raise NotFound
    return job
