"""Requests that are sent twice: over a real store, with a clock of the test's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from serve_app.backends import Backends
from serve_app.errors import IdempotencyConflict, IdempotencyInProgress, InvalidRequest, QueueFull
from serve_app.flows.jobs.idempotency import COLLECTION, KEPT_S, UNDER_WAY_S, fingerprint, once
from tests.fakes import ManualClock, open_backends

ROUTE = "/api/tts/v1/audio/speech"


@pytest.fixture
async def backends(tmp_path: Path) -> AsyncIterator[Backends]:
    async with open_backends(tmp_path) as opened:
        yield opened


class Caller:
    """Sends requests of one team to one route."""

    def __init__(self, backends: Backends, team: str = "ours", route: str = ROUTE) -> None:
        self.backends, self.team, self.route = backends, team, route

    async def send(
        self, key: str | None, body: str = "a", failure: BaseException | None = None, after_s: float = 0.0
    ) -> str:
        """The id of the job, unless the request fails on its way, `after_s` seconds after it came."""
        documents, clock = self.backends.store, self.backends.clock
        async with once(documents, clock, self.team, self.route, key, body) as job_id:
            advance(self.backends, after_s)
            if failure is not None:
                raise failure
        return job_id


def advance(backends: Backends, seconds: float) -> None:
    assert isinstance(backends.clock, ManualClock)
    backends.clock.advance(seconds)


async def test_the_same_request_has_the_same_job_for_a_day(backends: Backends) -> None:
    """JOB-005: within 24 hours; afterwards the key is free."""
    caller = Caller(backends)
    first = await caller.send("k")
    advance(backends, KEPT_S - 1)
    assert await caller.send("k") == first
    advance(backends, 2)
    assert await caller.send("k") != first


async def test_another_body_is_a_conflict(backends: Backends) -> None:
    """JOB-005: 409 `idempotency_conflict`, and the first request's job stays."""
    caller = Caller(backends)
    first = await caller.send("k", "a")
    with pytest.raises(IdempotencyConflict):
        await caller.send("k", "b")
    assert await caller.send("k", "a") == first


async def test_keys_of_other_teams_and_routes_are_other_keys(backends: Backends) -> None:
    """JOB-005, KEY-015: nobody meets a foreign key."""
    callers = [Caller(backends), Caller(backends, team="theirs"), Caller(backends, route="/video")]
    assert len({await caller.send("k", str(caller)) for caller in callers}) == 3


async def test_without_a_key_nothing_is_kept(backends: Backends) -> None:
    """JOB-005: each request is a job of its own."""
    caller = Caller(backends)
    assert await caller.send(None) != await caller.send(None)
    assert await backends.store.list(COLLECTION) == []


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "a\n", "กุญแจ", "\x7f"])
async def test_a_malformed_key_is_refused(backends: Backends, key: str) -> None:
    """JOB-005, ERR-010: more than 255 characters, or other than visible ASCII."""
    with pytest.raises(InvalidRequest, match="Idempotency-Key"):
        await Caller(backends).send(key)
    assert await Caller(backends).send("x" * 255)


async def test_only_one_of_many_at_once_goes_on(backends: Backends) -> None:
    """JOB-005: the others hear 409 `idempotency_in_progress`."""
    caller, entered, go_on = Caller(backends), asyncio.Event(), asyncio.Event()

    async def slow() -> str:
        async with once(backends.store, backends.clock, "ours", ROUTE, "k", "a") as job_id:
            entered.set()
            await go_on.wait()
        return job_id

    first = asyncio.create_task(slow())
    await entered.wait()
    others = await asyncio.gather(*(caller.send("k") for _ in range(8)), return_exceptions=True)
    go_on.set()
    answered = await first
    assert {type(other) for other in others} == {IdempotencyInProgress}
    assert await caller.send("k") == answered


async def test_of_requests_that_race_one_wins(backends: Backends) -> None:
    """JOB-005: also when all look before anyone has written."""
    caller = Caller(backends)
    outcomes = await asyncio.gather(*(caller.send("k") for _ in range(8)), return_exceptions=True)
    assert len({outcome for outcome in outcomes if isinstance(outcome, str)}) == 1
    assert {type(outcome) for outcome in outcomes} <= {str, IdempotencyInProgress}


async def test_a_crash_before_the_answer_leaves_the_id_of_the_job(backends: Backends) -> None:
    """JOB-005: a repeat is refused while the first may still be at work, then submits the same id."""
    crashed = once(backends.store, backends.clock, "ours", ROUTE, "k", "a")
    first = await crashed.__aenter__()  # and never leaves: the process died
    caller = Caller(backends)
    with pytest.raises(IdempotencyInProgress):
        await caller.send("k")
    advance(backends, UNDER_WAY_S)
    with pytest.raises(IdempotencyConflict):
        await caller.send("k", "b")
    assert await caller.send("k", "a") == first
    await crashed.gen.aclose()


async def test_a_refused_request_leaves_no_trace(backends: Backends) -> None:
    """JOB-005: the corrected request may use the key."""
    caller = Caller(backends)
    with pytest.raises(InvalidRequest):
        await caller.send("k", "wrong", InvalidRequest())
    assert await backends.store.list(COLLECTION) == []
    assert await caller.send("k", "right")


@pytest.mark.parametrize("failure", [QueueFull(), ValueError(), asyncio.CancelledError()])
async def test_after_a_failure_a_repeat_may_follow_at_once(
    backends: Backends, failure: BaseException
) -> None:
    """JOB-005: under the same job id, since nobody knows whether the job was submitted."""
    caller = Caller(backends)
    with pytest.raises(type(failure)):
        await caller.send("k", failure=failure)
    (kept,) = await backends.store.list(COLLECTION)
    assert await caller.send("k") == kept.body["job"]


async def test_a_repeat_that_is_refused_keeps_the_id_of_the_job(backends: Backends) -> None:
    """JOB-005: the first request may have submitted it."""
    caller = Caller(backends)
    with pytest.raises(QueueFull):
        await caller.send("k", failure=QueueFull())
    (kept,) = await backends.store.list(COLLECTION)
    with pytest.raises(InvalidRequest):
        await caller.send("k", failure=InvalidRequest())
    assert await caller.send("k") == kept.body["job"]


async def test_a_failure_after_the_answer_changes_nothing(backends: Backends) -> None:
    """JOB-005: a repeat that breaks off leaves the first answer in force."""
    caller = Caller(backends)
    first = await caller.send("k")
    with pytest.raises(InvalidRequest):
        await caller.send("k", failure=InvalidRequest())
    with pytest.raises(IdempotencyConflict):
        await caller.send("k", "b")
    assert await caller.send("k") == first


async def test_a_request_that_took_too_long_leaves_its_key_to_the_next(backends: Backends) -> None:
    """JOB-005: past its time it no longer owns the entry, and does not remove it."""
    caller = Caller(backends)
    with pytest.raises(InvalidRequest):
        await caller.send("k", failure=InvalidRequest(), after_s=UNDER_WAY_S)
    (kept,) = await backends.store.list(COLLECTION)
    assert await caller.send("k") == kept.body["job"]


def test_a_fingerprint_is_of_the_content() -> None:
    """JOB-005: the order of members and the spelling of the JSON do not matter, values do."""
    assert fingerprint({"a": 1, "b": "ก"}) == fingerprint({"b": "ก", "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": "1"})
