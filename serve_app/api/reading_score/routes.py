"""Score a reading, look how one stands (RT-04, RT-05)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse

from serve_app.aliases import in_family
from serve_app.api.reading_score.answers import PATH, Queued, Status, failure_of, status_of
from serve_app.api.reading_score.form import FitsReading, FormDep
from serve_app.core.jobs import Job, JobState
from serve_app.flows import jobs
from serve_app.flows.reading_orders import order_reading
from serve_app.flows.reading_score import KIND
from serve_app.wire import BackendsDep, CallerDep, PollingCallerDep, surface, unless_gone

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

    With an `Idempotency-Key` the same form within a day gives the same job (JOB-005). `Prefer:
    respond-async` never waits.
    """
    cards, settings = request.app.state.cards, backends.settings
    job = await order_reading(backends, cards, caller.team_id, form.reading(), idempotency_key)
    if _prefers_async(prefer or []):
        return _queued(request, job, {"preference-applied": ASYNCHRONOUS})
    wait_s, team = settings.reading_sync_wait_s, caller.team_id
    waiting = jobs.wait(backends.store, job.id, kind=KIND, team=team, timeout_s=wait_s)
    job = await unless_gone(request, waiting)
    if job.state is JobState.SUCCESS:
        return JSONResponse(job.result)
    if job.ended:
        raise failure_of(job)
    return _queued(request, job)


@router.get("/task/{task_id}", response_model_exclude_unset=True)
async def read_score(task_id: str, caller: PollingCallerDep, backends: BackendsDep) -> Status:
    """How a reading stands, and its score (RS-023)."""
    return status_of(await jobs.status(backends.store, task_id, kind=KIND, team=caller.team_id))


def _prefers_async(headers: Sequence[str]) -> bool:
    preferences = ",".join(headers).split(",")
    return ASYNCHRONOUS in (preference.partition(";")[0].strip().lower() for preference in preferences)


def _queued(request: Request, job: Job, headers: dict[str, str] | None = None) -> JSONResponse:
    answer = Queued(taskId=job.id, statusPath=in_family(request, f"{PATH}/task/{job.id}"))
    return JSONResponse(answer.model_dump(), 202, headers)
