"""Attempts of a job: their leases, their fence and their number, on both stores."""

from __future__ import annotations

from dataclasses import replace

from serve_app.core.jobs import LOST, JobState
from serve_app.stores import Beat, Store
from tests.stores.jobs.queueing import KEEP_S, LEASE_S, claim, claim_any, submit
from tests.stores.manual_clock import ManualClock


async def test_a_heartbeat_keeps_the_lease(store: Store, clock: ManualClock) -> None:
    """JOB-002: the lease is renewed from now; progress stays until new progress comes."""
    await submit(store, clock, "a")
    claimed = await claim(store)
    clock.advance(9)
    assert await store.heartbeat(claimed, lease_s=LEASE_S, progress={"step": 1}) is Beat.KEPT
    clock.advance(9)
    assert await claim_any(store) is None
    assert await store.heartbeat(claimed, lease_s=LEASE_S) is Beat.KEPT
    found = await store.job("a")
    assert found == replace(claimed, lease_until=clock.now() + LEASE_S, progress={"step": 1})
    clock.advance(LEASE_S)
    assert (await claim(store)).progress == {"step": 1}


async def test_a_late_heartbeat_of_a_job_nobody_took_keeps_it(store: Store, clock: ManualClock) -> None:
    """JOB-002: an attempt is over when the next one begins, not when its lease ends."""
    await submit(store, clock, "a")
    claimed = await claim(store)
    clock.advance(LEASE_S + 1)
    assert await store.heartbeat(claimed, lease_s=LEASE_S) is Beat.KEPT
    assert await claim_any(store) is None
    assert await store.finish(claimed, JobState.SUCCESS, keep_s=KEEP_S)


async def test_an_older_attempt_is_not_heard(store: Store, clock: ManualClock) -> None:
    """JOB-003: after the next claim nothing of the attempt before counts."""
    await submit(store, clock, "a")
    stale = await claim(store)
    clock.advance(LEASE_S)
    newer = await claim(store)
    assert await store.heartbeat(stale, lease_s=99, progress={"step": 9}) is Beat.LOST
    assert not await store.retry(stale, error="stale", delay_s=0)
    assert not await store.finish(stale, JobState.SUCCESS, keep_s=KEEP_S, result={"by": 1})
    assert await store.job("a") == newer
    assert await store.finish(newer, JobState.SUCCESS, keep_s=KEEP_S, result={"by": 2})
    assert not await store.finish(stale, JobState.SUCCESS, keep_s=KEEP_S, result={"by": 1})
    found = await store.job("a")
    assert found is not None
    assert found.result == {"by": 2}


async def test_a_job_given_back_is_tried_again(store: Store, clock: ManualClock) -> None:
    """JOB-001, JOB-004: it says RETRY and why, and is due after the pause."""
    await submit(store, clock, "a")
    claimed = await claim(store)
    assert await store.retry(claimed, error="The engine failed.", delay_s=5)
    found = await store.job("a")
    assert found == replace(claimed, state=JobState.RETRY, error="The engine failed.", due_at=clock.now() + 5)
    assert not await store.retry(claimed, error="again", delay_s=0)
    assert await store.heartbeat(claimed, lease_s=LEASE_S) is Beat.LOST
    clock.advance(5)
    assert (await claim(store)).attempt == 2


async def test_a_lost_job_fails_after_its_last_attempt(store: Store, clock: ManualClock) -> None:
    """JOB-004: and the same claim goes on to the next job."""
    await submit(store, clock, "a")
    for attempt in (1, 2):
        assert (await claim(store, attempts=2)).attempt == attempt
        clock.advance(LEASE_S)
    await submit(store, clock, "b")
    assert (await claim(store, attempts=2)).id == "b"
    found = await store.job("a")
    assert found is not None
    assert (found.state, found.error, found.attempt) == (JobState.FAILURE, LOST, 2)
    assert found.ended_at == clock.now()
    clock.advance(KEEP_S - 0.25)
    assert await store.job("a") == found
    clock.advance(0.25)
    assert await store.job("a") is None


async def test_an_attempt_that_was_stopped_on_purpose_does_not_count(
    store: Store, clock: ManualClock
) -> None:
    """JOB-004: nor does the next one wear its number, which is the fence (JOB-003)."""
    await submit(store, clock, "a")
    for attempt in (1, 2, 3):
        claimed = await claim(store, attempts=1)
        assert (claimed.attempt, claimed.spent) == (attempt, 1)
        assert await store.retry(claimed, error="stopped", delay_s=0, spent=False)
    await store.retry(await claim(store, attempts=1), error="failed", delay_s=0)
    assert await claim_any(store, attempts=1) is None
    found = await store.job("a")
    assert found is not None
    assert found.state is JobState.FAILURE


async def test_the_error_of_the_last_attempt_stays(store: Store, clock: ManualClock) -> None:
    """JOB-004: a job that was given back says why while it runs again, and no longer once it is done."""
    await submit(store, clock, "a")
    await store.retry(await claim(store), error="why", delay_s=0)
    claimed = await claim(store)
    assert claimed.error == "why"
    assert await store.finish(claimed, JobState.SUCCESS, keep_s=KEEP_S, result={})
    found = await store.job("a")
    assert found is not None
    assert (found.error, found.result) == ("", {})
