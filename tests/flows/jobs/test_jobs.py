"""Jobs over a real store: what their owners may do, and what one attempt does with the job it claimed."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from serve_app.backends import Backends
from serve_app.core.jobs import Job, JobState, uploads_folder
from serve_app.engines import Progress
from serve_app.errors import (
    Cancelled,
    EngineUnavailable,
    InvalidRequest,
    KaleidoError,
    NotFound,
    QueueFull,
    Saturated,
    SynthesisFailed,
)
from serve_app.flows.jobs.attempt import execute
from serve_app.flows.jobs.client import cancel_job, job_status, submit_job, wait_for_job
from serve_app.flows.jobs.ending import HANDED_BACK, is_final
from serve_app.flows.jobs.flow import JobFlow, Report
from serve_app.stores import JsonObject
from serve_app.stores.sqlite.store import SqliteStore
from tests.conftest import eventually
from tests.fakes import ManualClock, open_backends

DAY_S = 86_400.0
OURS: dict[str, str] = {"kind": "test", "team": "ours"}


@pytest.fixture
async def backends(tmp_path: Path) -> AsyncIterator[Backends]:
    async with open_backends(tmp_path) as opened:
        yield opened


async def submitted(backends: Backends, **payload: Any) -> str:
    job = await submit_job(backends, payload=payload, job_id=str(uuid4()), bound=10, **OURS)
    return job.id


async def claimed(backends: Backends) -> Job:
    s = backends.settings
    job = await backends.store.claim(
        ["test"], lease_s=s.job_lease_s, attempts=s.job_attempts, keep_s=s.job_keep_s
    )
    assert job is not None
    return job


async def eventually_claimed(backends: Backends, *, attempt: int) -> None:
    """A heartbeat that still stood before the lock may have kept the job for one more lease."""
    s, job = backends.settings, None
    while job is None:
        advance(backends, s.job_lease_s)
        job = await backends.store.claim(
            ["test"], lease_s=s.job_lease_s, attempts=s.job_attempts, keep_s=s.job_keep_s
        )
    assert job.attempt == attempt


async def found(backends: Backends, job_id: str) -> Job:
    return await job_status(backends.store, job_id, **OURS)


def advance(backends: Backends, seconds: float) -> None:
    assert isinstance(backends.clock, ManualClock)
    backends.clock.advance(seconds)


class Gate:
    """A flow that reports, waits to be let through, and remembers whether it was cancelled."""

    def __init__(self, *progress: Progress) -> None:
        self.progress = progress
        self.started, self.open, self.cancelled = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def __call__(self, backends: Backends, job: Job, report: Report) -> JsonObject:
        for progress in self.progress:
            report(progress)
        self.started.set()
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return {"attempt": job.attempt}


def open_gate() -> Gate:
    gate = Gate()
    gate.open.set()
    return gate


def failing(error: BaseException) -> JobFlow:
    async def flow(backends: Backends, job: Job, report: Report) -> JsonObject:
        raise error

    return flow


async def test_a_foreign_an_unknown_and_another_kind_of_job_look_alike(backends: Backends) -> None:
    """KEY-015, ERR-011: the same 404 for all three, to look, to wait and to cancel."""
    job_id = await submitted(backends)
    for wrong in ({"team": "theirs"}, {"kind": "video"}, {"id": str(uuid4())}):
        known = {"kind": "test", "team": "ours", "id": job_id} | wrong
        whose = {"kind": known["kind"], "team": known["team"]}
        with pytest.raises(NotFound):
            await job_status(backends.store, known["id"], **whose)
        with pytest.raises(NotFound):
            await wait_for_job(backends.store, known["id"], timeout_s=0, **whose)
        with pytest.raises(NotFound):
            await cancel_job(backends, known["id"], **whose)
    assert (await found(backends, job_id)).state == JobState.PENDING


async def test_a_submission_that_is_repeated_gives_the_same_job(backends: Backends) -> None:
    """JOB-005, JOB-007: by its id, even when the queue is full; another job is refused then."""
    whose: dict[str, Any] = {"payload": {"n": 1}, "bound": 1, **OURS}
    first = await submit_job(backends, job_id="a", **whose)
    assert await submit_job(backends, job_id="a", **{**whose, "payload": {"n": 2}}) == first
    with pytest.raises(QueueFull):
        await submit_job(backends, job_id="b", **whose)


async def test_waiting_ends_with_the_job_or_with_the_time(backends: Backends) -> None:
    """JOB-001: the ended job at once, or the job as it is when the time is over."""
    job_id = await submitted(backends)
    assert (await wait_for_job(backends.store, job_id, timeout_s=0, **OURS)).state == JobState.PENDING
    waiting = asyncio.create_task(wait_for_job(backends.store, job_id, timeout_s=60, **OURS))
    flow = Gate()
    flow.open.set()
    await execute(backends, await claimed(backends), flow)
    assert (await waiting).result == {"attempt": 1}


async def test_cancelling_is_idempotent(backends: Backends) -> None:
    """JOB-001: a waiting job is revoked, again and again."""
    job_id = await submitted(backends)
    for _ in range(2):
        assert (await cancel_job(backends, job_id, **OURS)).state == JobState.REVOKED


@pytest.mark.parametrize(
    "error", [None, InvalidRequest("no"), Cancelled()], ids=["done", "failed", "revoked"]
)
async def test_what_came_with_a_job_outlives_its_end_by_a_day(
    backends: Backends, error: Exception | None
) -> None:
    """JOB-006: however long the job waited; and no file of another job, whatever the payload says."""
    mine, other = (f"{uploads_folder('ours', job_id)}voice" for job_id in ("mine", "other"))
    for path in (mine, other):
        await backends.files.write(
            path, b"RIFF", team="ours", media_type="audio/wav", keep_s=backends.settings.job_keep_s
        )
    payload = {"voice": mine, "text": other, "number": 1}
    await submit_job(backends, payload=payload, job_id="mine", bound=10, **OURS)
    advance(backends, 3 * DAY_S)
    job = await claimed(backends)
    if isinstance(error, Cancelled):
        await cancel_job(backends, "mine", **OURS)
        await execute(backends, job, Gate())
    else:
        await execute(backends, job, failing(error) if error else open_gate())
    assert (await found(backends, "mine")).ended
    advance(backends, DAY_S - 1)
    await backends.files.find(mine, team="ours")
    advance(backends, 2)
    with pytest.raises(NotFound):
        await backends.files.find(mine, team="ours")
    await backends.files.find(other, team="ours")


async def test_what_came_with_a_job_is_there_for_its_next_attempt(backends: Backends) -> None:
    """JOB-004, JOB-006."""
    path = f"{uploads_folder('ours', 'mine')}voice"
    await backends.files.write(path, b"RIFF", team="ours", media_type="audio/wav", keep_s=6 * DAY_S)
    await submit_job(backends, payload={"voice": path}, job_id="mine", bound=10, **OURS)
    await execute(backends, await claimed(backends), failing(EngineUnavailable()))
    advance(backends, 5 * DAY_S)
    assert (await claimed(backends)).uploads == [path]
    await backends.files.find(path, team="ours")


async def test_a_silent_job_keeps_its_lease_and_a_talking_one_shows_progress(backends: Backends) -> None:
    """JOB-002: a heartbeat each quarter of the lease, with the newest progress."""
    job_id = await submitted(backends)
    flow = Gate(Progress("loading"), Progress("synthesis", 0, 4), Progress("synthesis", 1, 4))
    attempt = asyncio.create_task(execute(backends, await claimed(backends), flow))
    await flow.started.wait()
    advance(backends, 0.6)
    await eventually(lambda: has_progress(backends, job_id))
    shown = (await found(backends, job_id)).progress
    assert shown == {
        "stage": "synthesis", "step": 1, "steps": 4, "percent": 25.0, "eta_seconds": 0.0,
    }  # fmt: skip
    for _ in range(8):
        before = (await found(backends, job_id)).lease_until
        advance(backends, backends.settings.job_lease_s / 4)
        await eventually(partial(is_leased_longer, backends, job_id, before))
    flow.open.set()
    await attempt
    assert (await found(backends, job_id)).state == JobState.SUCCESS


async def has_progress(backends: Backends, job_id: str) -> bool:
    return (await found(backends, job_id)).progress is not None


async def is_leased_longer(backends: Backends, job_id: str, before: float) -> bool:
    return (await found(backends, job_id)).lease_until > before


async def test_cancelling_reaches_a_running_flow(backends: Backends) -> None:
    """JOB-001: without a heartbeat being due, the flow is cancelled and the job is REVOKED."""
    job_id, flow = await submitted(backends), Gate()
    attempt = asyncio.create_task(execute(backends, await claimed(backends), flow))
    await flow.started.wait()
    assert (await cancel_job(backends, job_id, **OURS)).state == JobState.STARTED
    await attempt
    assert flow.cancelled.is_set()
    assert (await found(backends, job_id)).state == JobState.REVOKED


async def test_a_job_that_another_attempt_has_is_let_go(backends: Backends) -> None:
    """JOB-003: the old flow is cancelled and writes nothing; the new attempt's result stands."""
    job_id, old, new = await submitted(backends), Gate(), Gate()
    first = await claimed(backends)
    stale = asyncio.create_task(execute(backends, first, old))
    await old.started.wait()
    await backends.store.retry(first, error="", delay_s=0.0)
    taken = await claimed(backends)
    await stale
    assert old.cancelled.is_set()
    assert (await found(backends, job_id)).state == JobState.STARTED
    new.open.set()
    await execute(backends, taken, new)
    assert (await found(backends, job_id)).result == {"attempt": 2}


async def test_a_late_result_is_dropped(backends: Backends) -> None:
    """JOB-003: an attempt that ends after its job was taken over changes nothing."""
    job_id = await submitted(backends)
    stale = await claimed(backends)
    advance(backends, backends.settings.job_lease_s + 1)
    taken, flow = await claimed(backends), Gate()
    flow.open.set()
    await execute(backends, taken, flow)
    await execute(backends, stale, flow)
    await execute(backends, stale, failing(InvalidRequest()))
    ended = await found(backends, job_id)
    assert (ended.state, ended.result) == (JobState.SUCCESS, {"attempt": 2})


@pytest.mark.parametrize(
    ("error", "final"),
    [
        (InvalidRequest("text must not be empty."), True),
        (NotFound(), True),
        (Saturated(), False),
        (EngineUnavailable(), False),
        (SynthesisFailed(), False),
        (ValueError(), False),
    ],
)
async def test_what_would_fail_again_is_not_tried_again(
    backends: Backends, error: Exception, final: bool
) -> None:
    """JOB-004: the caller's mistakes end the job with their text; everything else is tried again."""
    job_id = await submitted(backends)
    await execute(backends, await claimed(backends), failing(error))
    job = await found(backends, job_id)
    assert is_final(error) == final
    assert job.state == (JobState.FAILURE if final else JobState.RETRY)
    assert job.error == (error if isinstance(error, KaleidoError) else KaleidoError()).message


async def test_attempts_pause_longer_and_then_end(backends: Backends) -> None:
    """JOB-004: due again after each pause; the third failure is the last, with its own error."""
    job_id = await submitted(backends)
    for pause in (1.0, 5.0):
        await execute(backends, await claimed(backends), failing(EngineUnavailable()))
        job = await found(backends, job_id)
        assert job.due_at == backends.clock.now() + pause
        advance(backends, pause)
    await execute(backends, await claimed(backends), failing(SynthesisFailed("no voice")))
    job = await found(backends, job_id)
    assert (job.state, job.attempt, job.error) == (JobState.FAILURE, 3, "no voice")


async def test_a_flow_that_gives_itself_up_is_tried_again(backends: Backends) -> None:
    """JOB-004: cancelled by nobody here, as when a model's process is being stopped."""
    job_id = await submitted(backends)
    await execute(backends, await claimed(backends), failing(asyncio.CancelledError()))
    assert (await found(backends, job_id)).state == JobState.RETRY


async def test_an_unexpected_error_is_written_down_and_not_told(
    backends: Backends, caplog: pytest.LogCaptureFixture
) -> None:
    """ERR-020, KEY-013: the caller reads nothing of it, the log reads no key."""
    key = f"kvid_abcdefgh_{'x' * 32}"
    job_id = await submitted(backends)
    with caplog.at_level(logging.ERROR, "kaleido.jobs"):
        await execute(backends, await claimed(backends), failing(OSError(f"/models/secret {key}")))
    assert (await found(backends, job_id)).error == KaleidoError().message
    assert "OSError: /models/secret kvid_abcdefgh_***" in caplog.text
    assert key not in caplog.text


async def test_a_stopped_process_hands_its_job_back(backends: Backends) -> None:
    """JOB-002: cancelled by a drain, the job waits for nobody's lease."""
    job_id, flow = await submitted(backends), Gate()
    attempt = asyncio.create_task(execute(backends, await claimed(backends), flow))
    await flow.started.wait()
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt
    job = await found(backends, job_id)
    assert flow.cancelled.is_set()
    assert (job.state, job.error) == (JobState.RETRY, HANDED_BACK)
    assert (await claimed(backends)).attempt == 2


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """No other connection can write."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield


@pytest.fixture
async def impatient(backends: Backends, tmp_path: Path) -> AsyncIterator[Backends]:
    """The same store, whose writes fail soon when the file is locked."""
    store = SqliteStore(tmp_path / "store.sqlite3", clock=backends.clock, busy_timeout_s=0.05)
    yield replace(backends, store=store)
    await store.close()


async def test_a_store_that_is_away_for_a_while_loses_no_result(
    backends: Backends, impatient: Backends, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """JOB-002: neither failing heartbeats nor a failing write of the end stop the attempt."""
    job_id, flow = await submitted(backends), Gate()
    attempt = asyncio.create_task(execute(impatient, await claimed(backends), flow))
    await flow.started.wait()
    with locked(tmp_path / "store.sqlite3"):
        advance(backends, 3.0)
        await eventually(lambda: "the work goes on" in caplog.text)
        flow.open.set()
        await asyncio.sleep(0)
        assert not attempt.done()
    await attempt
    assert (await found(backends, job_id)).result == {"attempt": 1}


async def test_an_end_that_cannot_be_written_is_given_up_with_the_lease(
    backends: Backends, impatient: Backends, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """JOB-002: nobody waits for ever; the job is there for the next attempt."""
    await submitted(backends)
    attempt = asyncio.create_task(execute(impatient, await claimed(backends), failing(InvalidRequest())))
    with locked(tmp_path / "store.sqlite3"):
        while not attempt.done():
            advance(backends, backends.settings.job_lease_s / 4)
            await asyncio.sleep(0.02)
    await attempt
    assert "the end of attempt 1 is lost" in caplog.text
    await eventually_claimed(backends, attempt=2)
