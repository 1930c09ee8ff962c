"""The dispatcher alone, over a real store: capacity, draining, outages; and how many of them Serve keeps."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from deployments.jobs import dispatcher as dispatcher_module
from deployments.jobs.autoscaling import BUSY, LOAD, load, replicas_for_jobs
from deployments.jobs.dispatcher import Dispatcher
from serve_app.backends import Backends
from serve_app.core.jobs import Job, JobState
from serve_app.flows.jobs.client import submit_job
from serve_app.flows.jobs.flow import Report
from serve_app.stores import Backlog, JsonObject
from serve_app.stores.sqlite.store import SqliteStore
from tests.conftest import eventually
from tests.fakes import ManualClock, open_backends


class Work:
    """A flow that waits to be let through and knows what runs now."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.running: list[str] = []
        self.most = 0

    async def __call__(self, backends: Backends, job: Job, report: Report) -> JsonObject:
        self.running.append(job.id)
        self.most = max(self.most, len(self.running))
        try:
            await self.open.wait()
        finally:
            self.running.remove(job.id)
        return {}


@pytest.fixture
async def backends(tmp_path: Path) -> AsyncIterator[Backends]:
    async with open_backends(tmp_path) as opened:
        yield opened


@pytest.fixture
def slow() -> Work:
    return Work()


@pytest.fixture
def quick() -> Work:
    return Work()


@pytest.fixture
async def dispatcher(backends: Backends, slow: Work, quick: Work) -> AsyncIterator[Dispatcher]:
    """Two slow jobs and one quick one at once."""
    running = Dispatcher(backends, {"slow": slow, "quick": quick}, {"slow": 2, "quick": 1})
    running.start()
    yield running
    await running.drain(0)


async def submit(backends: Backends, kind: str, count: int = 1) -> list[str]:
    """New jobs, each a moment after the one before; their ids."""
    ids = [str(uuid4()) for _ in range(count)]
    for job_id in ids:
        await submit_job(backends, kind, "team", {}, job_id=job_id, bound=99)
        assert isinstance(backends.clock, ManualClock)
        backends.clock.advance(0.001)
    return ids


async def states(backends: Backends, ids: list[str]) -> list[str]:
    found = [await backends.store.job(job_id) for job_id in ids]
    return [job.state for job in found if job]


async def test_each_kind_has_its_own_capacity(
    backends: Backends, dispatcher: Dispatcher, slow: Work, quick: Work
) -> None:
    """JOB-007: slow jobs wait for their turn, and quick ones pass them."""
    ids = await submit(backends, "slow", 5)
    await eventually(lambda: len(slow.running) == 2)
    last = await submit(backends, "quick")
    await eventually(lambda: quick.running == last)
    assert slow.running == ids[:2]
    assert await dispatcher.backlog() == {"slow": Backlog(3, 2), "quick": Backlog(0, 1)}
    slow.open.set()
    quick.open.set()
    await eventually(lambda: idle(dispatcher))
    assert await states(backends, ids + last) == [JobState.SUCCESS] * 6
    assert (slow.most, quick.most, dispatcher.running) == (2, 1, 0)


async def idle(dispatcher: Dispatcher) -> bool:
    return not dispatcher.running and not any(
        kind.waiting + kind.running for kind in (await dispatcher.backlog()).values()
    )


async def test_a_drain_lets_jobs_finish(backends: Backends, dispatcher: Dispatcher, slow: Work) -> None:
    """JOB-002: nothing is claimed any more, what runs ends in its first attempt."""
    ids = await submit(backends, "slow", 3)
    await eventually(lambda: len(slow.running) == 2)
    drained = asyncio.create_task(dispatcher.drain(60))
    await eventually(lambda: stopped(dispatcher))
    slow.open.set()
    await drained
    assert await states(backends, ids) == [JobState.SUCCESS, JobState.SUCCESS, JobState.PENDING]


def stopped(dispatcher: Dispatcher) -> bool:
    try:
        dispatcher.check()
    except RuntimeError:
        return True
    return False


async def test_a_drain_hands_the_rest_back(backends: Backends, dispatcher: Dispatcher, slow: Work) -> None:
    """JOB-002: when its time is over, jobs are due at once for others."""
    ids = await submit(backends, "slow", 2)
    await eventually(lambda: len(slow.running) == 2)
    await dispatcher.drain(0)
    assert slow.running == []
    assert await states(backends, ids) == [JobState.RETRY] * 2
    assert await backends.store.claim(["slow"], lease_s=10, attempts=3, keep_s=10)


async def test_a_store_outage_is_survived(
    backends: Backends, slow: Work, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """JOB-002: claims go on when the store is back."""
    store = SqliteStore(tmp_path / "store.sqlite3", clock=backends.clock, busy_timeout_s=0.05)
    dispatcher = Dispatcher(replace(backends, store=store), {"slow": slow}, {"slow": 2})
    slow.open.set()
    ids = await submit(backends, "slow", 2)
    with closing(sqlite3.connect(tmp_path / "store.sqlite3", isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        dispatcher.start()
        await eventually(lambda: "the store is away" in caplog.text)
        dispatcher.check()
    await eventually(lambda: idle(dispatcher))
    await dispatcher.drain(0)
    await store.close()
    assert await states(backends, ids) == [JobState.SUCCESS] * 2


async def test_expired_files_are_swept(
    backends: Backends, slow: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JOB-006: again and again; a sweep that fails is not the last."""
    sweeps: list[int] = []

    class Files:
        async def sweep(self) -> int:
            sweeps.append(len(sweeps))
            raise OSError

    monkeypatch.setattr(dispatcher_module, "SWEEP_S", 0.01)
    dispatcher = Dispatcher(replace(backends, files=Files()), {"slow": slow}, {"slow": 1})  # type: ignore[arg-type]
    dispatcher.start()
    await eventually(lambda: len(sweeps) > 2)
    dispatcher.check()
    await dispatcher.drain(0)


def test_a_kind_without_a_flow_is_refused() -> None:
    """JOB-007: a wrong row of a config shows when it starts, not when a job comes."""
    with pytest.raises(ValueError, match="no flow for jobs of kind video"):
        Dispatcher(None, {}, {"video": 1})  # type: ignore[arg-type]  # refused before anything else


def test_load_is_of_the_kind_that_needs_most() -> None:
    """JOB-007: waiting and running jobs, in dispatchers that they fill."""
    backlog = {"tts": Backlog(waiting=9, running=3), "video": Backlog(waiting=1, running=1)}
    assert load(backlog, {"tts": 4, "video": 1}) == 3.0
    assert load(backlog, {"tts": 12, "video": 1}) == 2.0


@pytest.mark.parametrize(
    ("metrics", "replicas"),
    [
        ({LOAD: {"a": 2.4, "b": 2.1}, BUSY: {"a": 1.0, "b": 0.0}}, 3),
        ({LOAD: {"a": 2.0000001}, BUSY: {"a": 1.0}}, 2),  # an average of twos
        ({LOAD: {"a": 0.0, "b": 0.0}, BUSY: {"a": 0.0, "b": 0.0}}, 0),  # the row's minimum stands above it
        (
            {LOAD: {"a": 0.5, "b": 0.5, "c": 0.5}, BUSY: {"a": 0.1, "b": 1.0, "c": 0.0}},
            2,
        ),  # both have run jobs
        ({}, 4),  # nobody reports: as it is
        (None, 4),
    ],
)
@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20")
def test_replicas_follow_the_jobs(metrics: Any, replicas: int) -> None:
    """JOB-007: enough for all jobs, none fewer than run some, and no change in the dark."""
    from ray.serve.config import AutoscalingContext

    unused: dict[str, Any] = dict.fromkeys(
        ("deployment_id", "deployment_name", "app_name", "last_scale_up_time", "last_scale_down_time")
    )
    context = AutoscalingContext(
        **unused,
        current_num_replicas=4,
        target_num_replicas=4,
        running_replicas=[],
        total_num_requests=0,
        total_queued_requests=0,
        aggregated_metrics=lambda: metrics,
        raw_metrics=None,
        capacity_adjusted_min_replicas=1,
        capacity_adjusted_max_replicas=9,
        policy_state={},
        current_time=None,
        config=None,
    )
    assert replicas_for_jobs(context) == (replicas, {})
