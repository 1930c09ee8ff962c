"""Score a reading, look how one stands, read its report (RT-04, RT-05, RT-52)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BeforeValidator

from serve_app.api.reading_score.answers import PATH, Queued, Status, failure_of, status_of
from serve_app.api.reading_score.form import FitsReading, FormDep
from serve_app.api.reading_score.report import HEADERS, Language, report_page
from serve_app.core.jobs import Job, JobState
from serve_app.core.text.languages import language_code
from serve_app.flows.jobs.client import job_status, wait_for_job
from serve_app.flows.reading.report import reading_report
from serve_app.flows.reading.score import KIND
from serve_app.flows.reading.submit import submit_reading
from serve_app.http.canonical_path import in_family
from serve_app.http.dependencies import BackendsDep, CallerDep, PollingCallerDep
from serve_app.http.streaming import unless_gone
from serve_app.http.surface import surface

ASYNCHRONOUS = "respond-async"
"""RFC 7240, 4.1."""

router = surface(PATH, "reading-score")


@router.post("", responses={202: {"model": Queued, "description": "Not ready yet: poll `statusPath`."}})
async def score_reading(
    request: Request,
    caller: CallerDep,
    _fits: Annotated[None, Depends(FitsReading())],
    backends: BackendsDep,
    form: FormDep,
    idempotency_key: Annotated[str | None, Header()] = None,
    prefer: Annotated[list[str] | None, Header()] = None,
) -> JSONResponse:
    """Score a recording of a Thai text: the score itself when it is ready soon, else where to poll (RS-021).

    `Content-Location` names the job behind a score; its report is below it. With an `Idempotency-Key` the
    same form within a day gives the same job (JOB-005). `Prefer: respond-async` never waits.
    """
    settings = backends.settings
    job = await submit_reading(backends, caller.team_id, form.reading(), idempotency_key)
    if _prefers_async(prefer or []):
        return _queued(request, job, {"preference-applied": ASYNCHRONOUS})
    wait_s, team = settings.reading_sync_wait_s, caller.team_id
    waiting = wait_for_job(backends.store, job.id, kind=KIND, team=team, timeout_s=wait_s)
    job = await unless_gone(request, waiting)
    if job.state is JobState.SUCCESS:
        return JSONResponse(job.result, headers={"content-location": _status_path(request, job)})
    if job.ended:
        raise failure_of(job)
    return _queued(request, job)


@router.get("/task/{task_id}", response_model_exclude_unset=True)
async def read_score(task_id: str, caller: PollingCallerDep, backends: BackendsDep) -> Status:
    """How a reading stands, and its score (RS-023)."""
    return status_of(await job_status(backends.store, task_id, kind=KIND, team=caller.team_id))


@router.get("/task/{task_id}/report", response_class=HTMLResponse)
async def read_report(
    task_id: str,
    caller: CallerDep,
    backends: BackendsDep,
    lang: Annotated[Language, BeforeValidator(language_code)] = "th",
) -> HTMLResponse:
    """A score as one page for people (RS-091). It takes a request, not a poll: the recording is decoded."""
    report = await reading_report(backends, task_id, caller.team_id)
    below = backends.settings.reading_focus_below
    return HTMLResponse(await asyncio.to_thread(report_page, report, lang, below), headers=HEADERS)


def _prefers_async(headers: Sequence[str]) -> bool:
    preferences = ",".join(headers).split(",")
    return ASYNCHRONOUS in (preference.partition(";")[0].strip().lower() for preference in preferences)


def _queued(request: Request, job: Job, headers: dict[str, str] | None = None) -> JSONResponse:
    path = _status_path(request, job)
    answer = Queued(taskId=job.id, statusPath=path, reportPath=f"{path}/report")
    return JSONResponse(answer.model_dump(), 202, headers)


def _status_path(request: Request, job: Job) -> str:
    return in_family(request, f"{PATH}/task/{job.id}")
