"""The queue of jobs, on both stores."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from serve_app.core.jobs import JobState, new_job
from serve_app.errors import QueueFull
from serve_app.stores import Backlog, Beat, Store
from tests.stores.jobs.queueing import BOUND, KEEP_S, LEASE_S, claim, claim_any, submit
from tests.stores.manual_clock import ManualClock
from tests.stores.test_documents import BODY


async def test_a_job_comes_back_as_it_went_in(store: Store, clock: ManualClock) -> None:
    """JOB-002: whoever reads or claims it finds the payload exactly, times in whole microseconds."""
    clock.advance(0.1234567)
    job = new_job("a", "tts", "ทีม", MappingProxyType(BODY), clock.now())
    written = await store.submit(job, bound=BOUND)
    assert written == await store.job("a")
    assert written.payload == BODY
    assert written.created_at == pytest.approx(job.created_at, abs=1e-6)
    assert replace(written, payload=job.payload, created_at=job.created_at, due_at=job.due_at) == job
    claimed = await claim(store)
    assert claimed == await store.job("a")
    assert (claimed.state, claimed.attempt, claimed.payload) == (JobState.STARTED, 1, BODY)
    assert claimed.started_at == pytest.approx(clock.now(), abs=1e-6)


async def test_a_payload_is_not_shared_with_the_caller(store: Store, clock: ManualClock) -> None:
    """JOB-002: what the caller changes later is not part of the job."""
    payload = {"list": [1]}
    written = await store.submit(new_job("a", "tts", "team", payload, clock.now()), bound=BOUND)
    payload["list"].append(2)
    assert written.payload == {"list": [1]}


@pytest.mark.parametrize("value", [float("nan"), object()])
async def test_what_is_not_json_is_refused(store: Store, clock: ManualClock, value: Any) -> None:
    """JOB-003: a refused value leaves the job as it was."""
    with pytest.raises((TypeError, ValueError)):
        await store.submit(new_job("a", "tts", "team", {"x": value}, clock.now()), bound=BOUND)
    assert await store.job("a") is None
    await submit(store, clock, "a")
    claimed = await claim(store)
    with pytest.raises((TypeError, ValueError)):
        await store.heartbeat(claimed, lease_s=LEASE_S, progress={"x": value})
    with pytest.raises((TypeError, ValueError)):
        await store.finish(claimed, JobState.SUCCESS, keep_s=KEEP_S, result={"x": value})
    assert await store.job("a") == claimed


async def test_a_submission_can_be_repeated(store: Store, clock: ManualClock) -> None:
    """JOB-002, JOB-007: a known id changes nothing, also when the queue is full or the job runs."""
    first = await submit(store, clock, "a", bound=1)
    clock.advance(1)
    assert await submit(store, clock, "a", bound=1) == first
    claimed = await claim(store)
    assert await submit(store, clock, "a", bound=0) == claimed
    assert await store.backlog("tts") == Backlog(waiting=0, running=1)


async def test_only_so_many_may_wait(store: Store, clock: ManualClock) -> None:
    """JOB-007: new jobs of this kind count; what was begun does not, for nobody may refuse it any more."""
    await submit(store, clock, "a", bound=2)
    await submit(store, clock, "b", bound=2)
    with pytest.raises(QueueFull):
        await submit(store, clock, "c", bound=2)
    await submit(store, clock, "v", "video", bound=1)
    assert await store.job("c") is None
    claimed = await claim(store)
    await submit(store, clock, "c", bound=2)
    await store.retry(claimed, error="", delay_s=60)
    assert await store.backlog("tts") == Backlog(waiting=2, running=1)
    with pytest.raises(QueueFull):
        await submit(store, clock, "d", bound=2)
    assert await store.backlog("video") == Backlog(waiting=1, running=0)
    assert await store.backlog("none") == Backlog(waiting=0, running=0)


async def test_what_was_begun_comes_before_what_is_new(store: Store, clock: ManualClock) -> None:
    """JOB-002: of all kinds asked for; a lost job does not wait behind the queue once more."""
    await submit(store, clock, "lost")
    assert (await claim(store)).id == "lost"
    await submit(store, clock, "again", "video")
    await store.retry(await claim(store, "video"), error="", delay_s=LEASE_S + 1)
    clock.advance(LEASE_S - 1)
    await submit(store, clock, "new", "video")
    clock.advance(3)
    await submit(store, clock, "other", "other")
    assert [(await claim(store, "tts", "video")).id for _ in range(3)] == ["lost", "again", "new"]
    assert await claim_any(store, "tts", "video") is None


async def test_jobs_due_at_the_same_moment_all_come(store: Store, clock: ManualClock) -> None:
    """JOB-002: ties go by id, whatever their kind is."""
    for job_id, kind in [("c", "tts"), ("a", "video"), ("b", "tts")]:
        await submit(store, clock, job_id, kind)
    assert [(await claim(store, "tts", "video")).id for _ in range(3)] == ["a", "b", "c"]


async def test_nothing_due_is_nothing_claimed(store: Store, clock: ManualClock) -> None:
    """JOB-002: a job waits until its time, and runs undisturbed until its lease ends."""
    assert await claim_any(store) is None
    await submit(store, clock, "a")
    assert await claim_any(store, "video") is None
    await store.retry(await claim(store), error="", delay_s=5)
    clock.advance(4.75)
    assert await claim_any(store) is None
    clock.advance(0.25)
    await claim(store)
    clock.advance(LEASE_S - 0.25)
    assert await claim_any(store) is None
    clock.advance(0.25)
    assert (await claim(store)).attempt == 3


async def test_an_unknown_job_is_no_error(store: Store, clock: ManualClock) -> None:
    """JOB-006: what is not there is not found, not lost, not ended."""
    ghost = replace(new_job("a", "tts", "team", {}, clock.now()), state=JobState.STARTED, attempt=1)
    assert await store.job("a") is None
    assert await store.cancel("a", keep_s=KEEP_S) is None
    assert await store.heartbeat(ghost, lease_s=LEASE_S) is Beat.LOST
    assert not await store.retry(ghost, error="", delay_s=0)
    assert not await store.finish(ghost, JobState.SUCCESS, keep_s=KEEP_S)
    assert await claim_any(store) is None
