"""Speech jobs: start, look, cancel (RT-09, RT-10, RT-49)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Request

from serve_app.api.tts.answers import PATH, Started, Status, started, status_of
from serve_app.api.tts.requests import SpeechBody
from serve_app.flows.jobs.client import cancel_job, job_status
from serve_app.flows.speech.submit import submit_speech
from serve_app.flows.speech.synthesis import KIND
from serve_app.http.dependencies import BackendsDep, CallerDep, PollingCallerDep
from serve_app.http.surface import surface

router = surface(PATH, "tts")


@router.post("/audio/speech")
async def start_speech(
    request: Request,
    caller: CallerDep,
    backends: BackendsDep,
    body: SpeechBody,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> Started:
    """Speak a text of at most 200 characters; poll `statusPath` until it is `ready` (TTS-001, TTS-022).

    With an `Idempotency-Key` the same request within a day gives the same job (JOB-005).
    """
    return started(await submit_speech(backends, caller.team_id, body.fields(), idempotency_key))


@router.get("/audio/speech/{task_id}", response_model_exclude_unset=True)
async def read_speech(task_id: str, caller: PollingCallerDep, backends: BackendsDep) -> Status:
    """How a job stands, and its result (TTS-023..028)."""
    job = await job_status(backends.store, task_id, kind=KIND, team=caller.team_id)
    return status_of(backends, job)


@router.delete("/audio/speech/{task_id}", response_model_exclude_unset=True)
async def cancel_speech(task_id: str, caller: CallerDep, backends: BackendsDep) -> Status:
    """Stop a job that has not ended; one that has stays as it is. A running one stops within moments."""
    job = await cancel_job(backends, task_id, kind=KIND, team=caller.team_id)
    return status_of(backends, job)
