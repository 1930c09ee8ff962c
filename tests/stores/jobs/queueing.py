"""Short ways to submit and claim the jobs of a test."""

from __future__ import annotations

from serve_app.core.jobs import Job, new_job
from serve_app.stores import Store
from tests.stores.manual_clock import ManualClock

LEASE_S = 10.0
KEEP_S = 100.0
BOUND = 9


async def submit(store: Store, clock: ManualClock, job_id: str, kind: str = "tts", bound: int = BOUND) -> Job:
    return await store.submit(new_job(job_id, kind, "team", {"text": job_id}, clock.now()), bound=bound)


async def claim(store: Store, *kinds: str, attempts: int = 3) -> Job:
    """A job that must be there."""
    job = await claim_any(store, *kinds, attempts=attempts)
    assert job is not None
    return job


async def claim_any(store: Store, *kinds: str, attempts: int = 3) -> Job | None:
    return await store.claim(kinds or ("tts",), lease_s=LEASE_S, attempts=attempts, keep_s=KEEP_S)
