"""How jobs end, are cancelled and are forgotten, on both stores."""

from __future__ import annotations

from dataclasses import replace

import pytest

from serve_app.core.jobs import JobState
from serve_app.stores import Backlog, Beat, Store
from tests.stores.jobs.queueing import KEEP_S, LEASE_S, claim, claim_any, submit
from tests.stores.manual_clock import ManualClock


@pytest.mark.parametrize("state", [JobState.SUCCESS, JobState.FAILURE, JobState.REVOKED])
async def test_an_end_is_written_once(store: Store, clock: ManualClock, state: JobState) -> None:
    """JOB-001, JOB-003: said again by the same attempt it is still true, and nothing is written."""
    await submit(store, clock, "a")
    claimed = await claim(store)
    assert await store.finish(claimed, state, keep_s=KEEP_S, result={"n": 1}, error="why")
    ended = await store.job("a")
    assert ended == replace(claimed, state=state, result={"n": 1}, error="why", ended_at=clock.now())
    clock.advance(1)
    assert await store.finish(claimed, state, keep_s=2 * KEEP_S, result={"n": 2})
    for other in {JobState.SUCCESS, JobState.FAILURE} - {state}:
        assert not await store.finish(claimed, other, keep_s=KEEP_S)
    assert not await store.finish(replace(claimed, attempt=2), state, keep_s=KEEP_S)
    assert not await store.retry(claimed, error="", delay_s=0)
    assert await store.heartbeat(claimed, lease_s=LEASE_S) is Beat.LOST
    assert await store.job("a") == ended
    assert await store.backlog("tts") == Backlog(waiting=0, running=0)
    clock.advance(KEEP_S - 1)
    assert await store.job("a") is None


@pytest.mark.parametrize("given_back", [False, True])
async def test_a_waiting_job_is_revoked_at_once(store: Store, clock: ManualClock, given_back: bool) -> None:
    """JOB-001, JOB-006: whether new or to be tried again; it is never claimed."""
    waiting = await submit(store, clock, "a")
    if given_back:
        await store.retry(await claim(store), error="", delay_s=0)
        waiting = await store.job("a") or waiting
    revoked = await store.cancel("a", keep_s=KEEP_S)
    assert revoked == replace(waiting, state=JobState.REVOKED, ended_at=clock.now())
    assert await claim_any(store) is None
    assert await store.backlog("tts") == Backlog(waiting=0, running=0)
    clock.advance(KEEP_S - 0.25)
    assert await store.cancel("a", keep_s=2 * KEEP_S) == revoked
    clock.advance(0.25)
    assert await store.job("a") is None
    assert await store.cancel("a", keep_s=KEEP_S) is None


async def test_a_running_job_is_asked_to_stop(store: Store, clock: ManualClock) -> None:
    """JOB-001: its attempt hears of it and ends the job, or is done before."""
    await submit(store, clock, "a")
    claimed = await claim(store)
    asked = await store.cancel("a", keep_s=KEEP_S)
    assert asked == replace(claimed, cancel_requested=True)
    assert await store.cancel("a", keep_s=KEEP_S) == asked
    assert await store.heartbeat(claimed, lease_s=LEASE_S) is Beat.CANCEL
    assert await store.finish(claimed, JobState.SUCCESS, keep_s=KEEP_S)
    ended = await store.job("a")
    assert ended is not None
    assert ended.state == JobState.SUCCESS
    assert await store.cancel("a", keep_s=KEEP_S) == ended


async def test_a_job_asked_to_stop_is_not_tried_again(store: Store, clock: ManualClock) -> None:
    """JOB-001, JOB-006: given back it is revoked, and kept as long as whoever cancelled it said."""
    await submit(store, clock, "a")
    claimed = await claim(store)
    await store.cancel("a", keep_s=KEEP_S)
    await store.heartbeat(claimed, lease_s=LEASE_S)
    assert await store.retry(claimed, error="", delay_s=0)
    found = await store.job("a")
    assert found is not None
    assert (found.state, found.ended_at) == (JobState.REVOKED, clock.now())
    assert await claim_any(store) is None
    clock.advance(KEEP_S - 0.25)
    assert await store.job("a") == found
    clock.advance(0.25)
    assert await store.job("a") is None


async def test_a_lost_job_asked_to_stop_is_revoked(store: Store, clock: ManualClock) -> None:
    """JOB-001: by the claim that finds it, which goes on to the next job; its late attempt is not heard."""
    await submit(store, clock, "a")
    claimed = await claim(store)
    await store.cancel("a", keep_s=1)
    clock.advance(LEASE_S)
    await submit(store, clock, "b")
    assert (await claim(store)).id == "b"
    clock.advance(KEEP_S - 0.25)
    found = await store.job("a")
    assert found is not None
    assert (found.state, found.attempt) == (JobState.REVOKED, 1)
    assert not await store.finish(claimed, JobState.SUCCESS, keep_s=KEEP_S)
    assert await store.heartbeat(claimed, lease_s=LEASE_S) is Beat.LOST


async def test_an_ended_job_is_forgotten_in_time(store: Store, clock: ManualClock) -> None:
    """JOB-006: then it is unknown to every verb, and its id is free."""
    await submit(store, clock, "a")
    claimed = await claim(store)
    assert await store.finish(claimed, JobState.SUCCESS, keep_s=KEEP_S, result={"n": 1})
    clock.advance(KEEP_S - 0.25)
    assert (await submit(store, clock, "a")).state == JobState.SUCCESS
    clock.advance(0.25)
    assert await store.job("a") is None
    assert await store.cancel("a", keep_s=KEEP_S) is None
    assert not await store.finish(claimed, JobState.SUCCESS, keep_s=KEEP_S)
    again = await submit(store, clock, "a")
    assert again == await store.job("a")
    assert (again.state, again.attempt, again.result) == (JobState.PENDING, 0, None)
    assert await store.heartbeat(claimed, lease_s=LEASE_S) is Beat.LOST


async def test_an_end_may_be_forgotten_at_once(store: Store, clock: ManualClock) -> None:
    """JOB-006: with nothing to keep, nothing is left."""
    await submit(store, clock, "a")
    assert await store.cancel("a", keep_s=0) is None
    await submit(store, clock, "b")
    assert await store.finish(await claim(store), JobState.SUCCESS, keep_s=0, result={"n": 1})
    assert await store.job("b") is None
    assert await store.backlog("tts") == Backlog(waiting=0, running=0)
