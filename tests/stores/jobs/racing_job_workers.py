"""What other processes do with jobs: those of a `Crew`, and one that is killed."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from multiprocessing.connection import Connection

from serve_app.core.jobs import Job, JobState, new_job
from serve_app.errors import QueueFull
from tests.stores.opening import open_address


async def claim_all(number: int, address: str) -> list[tuple[str, int]]:
    """The ids and attempts of the jobs this process claimed and finished, until none was left."""
    store = open_address(address)
    done: list[tuple[str, int]] = []
    while job := await store.claim(("even", "odd"), lease_s=60, attempts=3, keep_s=60):
        assert await store.finish(job, JobState.SUCCESS, keep_s=60, result={"by": number})
        done.append((job.id, job.attempt))
    await store.close()
    return done


async def submit_all(number: int, address: str, ids: list[str], bound: int) -> int:
    """How many of the jobs, which all processes submit, were taken or known."""
    store = open_address(address)
    taken = 0
    for job_id in ids:
        with suppress(QueueFull):
            await store.submit(new_job(job_id, "even", "team", {}, 0.0), bound=bound)
            taken += 1
    await store.close()
    return taken


async def finish_all(number: int, address: str, claims: list[Job]) -> list[str]:
    """The jobs, which all processes finish with the same attempt, that went well in a state of its own."""
    store = open_address(address)
    state = (JobState.SUCCESS, JobState.FAILURE)[number % 2]
    ended = [await store.finish(job, state, keep_s=60, result={"by": number}) for job in claims]
    await store.close()
    return [job.id for job, told in zip(claims, ended, strict=True) if told]


def hold(address: str, lease_s: float, told: Connection) -> None:
    """Claim a job, tell it and between which times it was claimed, and never say a word again."""

    async def claim_and_wait() -> None:
        store = open_address(address)
        before = time.time()
        job = await store.claim(("even",), lease_s=lease_s, attempts=3, keep_s=60)
        told.send((job, before, time.time()))
        await asyncio.Event().wait()

    asyncio.run(claim_and_wait())
