"""The job verbs of both stores against the pure moves of `serve_app.core.jobs`, done to a dictionary."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from serve_app.core import jobs
from serve_app.core.jobs import ENDED, Job, JobState
from serve_app.errors import QueueFull
from serve_app.stores import Beat
from tests.stores.jobs.job_model import JobModel
from tests.stores.manual_clock import ManualClock
from tests.stores.opening import open_address
from tests.stores.test_model import MODEL

KINDS = st.sampled_from("ab")
NUMBERS = st.integers(0, 2)
OBJECTS = st.none() | st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3), max_size=2)
ERRORS = st.sampled_from(["", "ผิดพลาด"])
DURATIONS = st.sampled_from([10.0, 1.0, 0.0])
KEEPS = st.sampled_from([40.0, 3.0, 0.0])


class JobMachine(RuleBasedStateMachine):
    """Does the same to a store and to its model; compares every answer, and now and then everything."""

    address: str
    start: float
    runs = 0

    @initialize()
    def open(self) -> None:
        type(self).runs += 1
        self.runner = asyncio.Runner()
        self.run = self.runner.run
        self.clock = ManualClock(self.start)
        self.store = open_address(self.address, self.clock)
        self.model = JobModel(self.clock)
        self.claims = [jobs.new_job(self.name("unknown"), self.name("a"), "team", {}, self.start)]
        self.ids = [self.name("unknown")]
        for kind in "ababab":  # a run may well be without a rule that submits or claims
            self.submit(True, 0, kind, None, 9)
        for _ in range(3):
            self.claim("ab", 10.0, 3, 40.0)

    def teardown(self) -> None:
        self.run(self.store.close())
        self.runner.close()

    def name(self, part: object) -> str:
        """An id or kind of this run alone: the store is shared by all runs."""
        return f"{self.runs}:{part}"

    def pick(self, number: int) -> Job:
        """Any attempt that ever was, rather a recent one."""
        return self.claims[-1 - number % len(self.claims)]

    def some_id(self, number: int) -> str:
        return self.ids[-1 - number % len(self.ids)]

    @rule(seconds=st.sampled_from([0.25, 1.0, 10.0, 40.0]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.model.drop_expired()
        for job_id in self.ids[-3:]:
            assert self.run(self.store.job(job_id)) == self.model.jobs.get(job_id)
        for kind in map(self.name, "ab"):
            assert self.run(self.store.backlog(kind)) == self.model.backlog(kind)

    @rule(new=st.booleans(), number=NUMBERS, kind=KINDS, payload=OBJECTS, bound=st.sampled_from([9, 2, 1, 0]))
    def submit(self, new: bool, number: int, kind: str, payload: dict[str, Any] | None, bound: int) -> None:
        self.ids += [self.name(len(self.ids))] if new else []
        job = jobs.new_job(self.some_id(number), self.name(kind), "team", payload or {}, self.clock.time)
        submitting = self.store.submit(job, bound=bound)
        if job.id not in self.model.jobs and self.model.backlog(job.kind).waiting >= bound:
            with pytest.raises(QueueFull):
                self.run(submitting)
            return
        assert self.run(submitting) == self.model.jobs.setdefault(job.id, job)

    @rule(
        kinds=st.sampled_from(["ab", "ba", "a", ""]),
        lease=DURATIONS,
        attempts=st.integers(1, 3),
        keep=KEEPS,
    )
    def claim(self, kinds: str, lease: float, attempts: int, keep: float) -> None:
        names = [self.name(kind) for kind in kinds]
        expected = self.model.claim(names, lease, attempts, keep)
        claimed = self.run(self.store.claim(names, lease_s=lease, attempts=attempts, keep_s=keep))
        assert claimed == expected
        self.claims += [claimed] if claimed else []
        self.model.drop_expired()

    @rule(number=NUMBERS, lease=DURATIONS, progress=OBJECTS)
    def heartbeat(self, number: int, lease: float, progress: dict[str, Any] | None) -> None:
        claimed, expected = self.pick(number), Beat.LOST
        if job := self.model.current(claimed):
            self.model.save(jobs.beaten(job, self.clock.time, lease, progress))
            expected = Beat.CANCEL if job.cancel_requested else Beat.KEPT
        assert self.run(self.store.heartbeat(claimed, lease_s=lease, progress=progress)) is expected
        self.model.drop_expired()

    @rule(number=NUMBERS, error=ERRORS, delay=DURATIONS, spent=st.booleans())
    def retry(self, number: int, error: str, delay: float, spent: bool) -> None:
        claimed = self.pick(number)
        job = self.model.current(claimed)
        if job:
            self.model.save(jobs.given_back(job, self.clock.time, error, delay, spent=spent))
        retrying = self.store.retry(claimed, error=error, delay_s=delay, spent=spent)
        assert self.run(retrying) == (job is not None)
        self.model.drop_expired()

    @rule(number=NUMBERS, state=st.sampled_from(sorted(ENDED)), keep=KEEPS, result=OBJECTS, error=ERRORS)
    def finish(
        self, number: int, state: JobState, keep: float, result: dict[str, Any] | None, error: str
    ) -> None:
        claimed = self.pick(number)
        known = self.model.jobs.get(claimed.id)
        expected = known is not None and (known.attempt, known.state) == (claimed.attempt, state)
        if job := self.model.current(claimed):
            self.model.save(jobs.finished(job, self.clock.time, state, result, error), keep)
            expected = True
        finishing = self.store.finish(claimed, state, keep_s=keep, result=result, error=error)
        assert self.run(finishing) == expected
        self.model.drop_expired()

    @rule(number=NUMBERS, keep=KEEPS)
    def cancel(self, number: int, keep: float) -> None:
        job_id = self.some_id(number)
        job = self.model.jobs.get(job_id)
        if job and not job.ended:
            self.model.save(jobs.cancelled(job, self.clock.time), keep)
            self.model.drop_expired()
        cancelled = self.run(self.store.cancel(job_id, keep_s=keep))
        assert cancelled == self.model.jobs.get(job_id)


def test_a_store_moves_jobs_as_the_pure_functions_do(address: str, clock: ManualClock) -> None:
    """JOB-001..004, JOB-006, JOB-007: all verbs, in any order, by any attempt, with any lapse of time."""

    class Machine(JobMachine):
        pass

    Machine.address, Machine.start = address, clock.time
    run_state_machine_as_test(Machine, settings=settings(MODEL, stateful_step_count=50))
