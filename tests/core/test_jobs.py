"""The moves of a job between its states, and what is shown of its progress."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve_app.core.job_progress import published_progress, same_stage
from serve_app.core.jobs import (
    ENDED,
    LOST,
    Job,
    JobState,
    beaten,
    cancelled,
    claimed,
    current,
    due,
    finished,
    given_back,
    new_job,
)
from serve_app.engines import Progress

NEW = new_job("j", "tts", "t", {}, 100.0)
RUNNING = claimed(NEW, 100.0, 10.0, 3)


def test_states_have_their_public_names() -> None:
    """JOB-001: six names, three of which are final."""
    assert {*JobState} == {"PENDING", "STARTED", "RETRY", "SUCCESS", "FAILURE", "REVOKED"}
    assert {"SUCCESS", "FAILURE", "REVOKED"} == ENDED


def test_a_new_job_waits_and_is_due_at_once() -> None:
    """JOB-001: PENDING, without an attempt."""
    assert (NEW.state, NEW.attempt, NEW.ended) == (JobState.PENDING, 0, False)
    assert due(NEW, 100.0) == 100.0
    assert due(NEW, 99.9) is None


def test_a_claim_begins_an_attempt_under_a_lease() -> None:
    """JOB-002, JOB-003: STARTED with the next fence number; due again only when the lease has passed."""
    assert (RUNNING.state, RUNNING.attempt, RUNNING.started_at) == (JobState.STARTED, 1, 100.0)
    assert due(RUNNING, 109.9) is None
    assert due(RUNNING, 110.0) == 110.0
    again = claimed(RUNNING, 110.0, 10.0, 3)
    assert current(again, 2)
    assert not current(again, 1)


def test_the_attempts_are_counted() -> None:
    """JOB-004: after the last attempt the job fails, saying that its process was lost."""
    third = replace(RUNNING, attempt=3)
    ended = claimed(third, 200.0, 10.0, 3)
    assert (ended.state, ended.error, ended.ended_at) == (JobState.FAILURE, LOST, 200.0)
    assert claimed(third, 200.0, 10.0, 4).attempt == 4


def test_a_heartbeat_renews_the_lease_and_keeps_older_progress() -> None:
    """JOB-002: the lease counts from the heartbeat."""
    once = beaten(RUNNING, 105.0, 10.0, {"step": 1})
    twice = beaten(once, 107.0, 10.0, None)
    assert (twice.lease_until, twice.progress) == (117.0, {"step": 1})


def test_a_job_given_back_waits_for_its_delay() -> None:
    """JOB-004: RETRY, due after the pause, with the last error."""
    waiting = given_back(RUNNING, 105.0, "no replica", 5.0)
    assert (waiting.state, waiting.error) == (JobState.RETRY, "no replica")
    assert due(waiting, 109.9) is None
    assert due(waiting, 110.0) == 110.0
    assert not current(waiting, 1)


def test_cancelling_ends_a_waiting_job_and_marks_a_running_one() -> None:
    """JOB-001: REVOKED at once, or with the next move; an ended job stays as it is."""
    assert cancelled(NEW, 101.0).state == JobState.REVOKED
    marked = cancelled(RUNNING, 101.0)
    assert (marked.state, marked.cancel_requested) == (JobState.STARTED, True)
    assert given_back(marked, 102.0, "", 0.0).state == JobState.REVOKED
    assert claimed(marked, 110.0, 10.0, 3).state == JobState.REVOKED
    done = finished(RUNNING, 103.0, JobState.SUCCESS, {"n": 1}, "")
    assert cancelled(done, 104.0) == done


@given(st.sampled_from(sorted(ENDED)), st.floats(0, 1e9))
def test_an_ended_job_is_never_due(state: JobState, now: float) -> None:
    """JOB-003: nobody may claim it, no attempt is current."""
    ended: Job = finished(RUNNING, 103.0, state, None, "")
    assert ended.ended
    assert due(ended, now) is None
    assert not current(ended, ended.attempt)


@pytest.mark.parametrize(
    ("progress", "elapsed_s", "percent", "eta_s"),
    [
        (Progress("synthesis", 3, 8), 4.0, 37.5, 10.0),
        (Progress("synthesis", 8, 8), 9.0, 100.0, 0.0),
        (Progress("synthesis", 1, 8), 0.0, 12.5, None),  # the first word: no pace yet
        (Progress("synthesis", 9, 8), 8.0, 100.0, 0.0),  # an engine that counts one too far
        (Progress("synthesis", 3), 4.0, None, None),
        (Progress("synthesis", 0, 0), 4.0, None, None),
    ],
)
def test_progress_tells_percent_and_time_left(
    progress: Progress, elapsed_s: float, percent: float | None, eta_s: float | None
) -> None:
    """JOB-001: percent of the stage; the time left at the pace since its first word; None when unknown."""
    shown = published_progress(progress, Progress("synthesis", 1, 8), elapsed_s)
    assert shown.keys() == {"stage", "step", "steps", "percent", "eta_seconds"}
    assert (shown["percent"], shown["eta_seconds"]) == (percent, eta_s)


def test_a_stage_ends_with_another_name_or_an_earlier_step() -> None:
    """JOB-001: an engine that begins again has no pace yet."""
    first = Progress("synthesis", 2, 8)
    assert same_stage(Progress("synthesis", 3, 8), first)
    assert not same_stage(Progress("encoding", 3, 8), first)
    assert not same_stage(Progress("synthesis", 1, 8), first)


@given(st.integers(0, 50), st.none() | st.integers(0, 50), st.integers(0, 50), st.floats(0, 1e6))
def test_shown_progress_is_always_in_bounds(
    step: int, steps: int | None, first: int, elapsed_s: float
) -> None:
    """JOB-001: whatever an engine reports."""
    shown = published_progress(Progress("a", step, steps), Progress("a", first, steps), elapsed_s)
    assert shown["percent"] is None or 0 <= shown["percent"] <= 100
    assert shown["eta_seconds"] is None or shown["eta_seconds"] >= 0
