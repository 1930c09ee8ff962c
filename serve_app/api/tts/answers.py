"""What callers hear about a speech job (JSON 10..12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel

from serve_app.backends import Backends
from serve_app.clock import iso
from serve_app.core.jobs import Job, JobState
from serve_app.output_files import output_url

PATH = "/api/tts/v1"
FAILED = "TTS generation failed: "
CANCELLED = "TTS generation was cancelled."


class Started(BaseModel):
    """JSON 10."""

    success: Literal[True] = True
    taskId: str
    message: str
    statusPath: str


class Result(BaseModel):
    """Of a job that succeeded."""

    success: Literal[True]
    url: str
    """Of the WAV; relative to this site."""
    metadata: Mapping[str, Any]
    """TTS-025."""


class Status(BaseModel):
    """JSON 11 and 12; `progress`, `result` and `error` only where there is one."""

    taskId: str
    state: JobState
    """Celery's names (TTS-024)."""
    ready: bool
    """True once the state is final."""
    successful: bool | None
    """null until then."""
    createdAt: str
    """ISO 8601, as of the times below."""
    startedAt: str | None
    """When the newest attempt began."""
    endedAt: str | None
    progress: Mapping[str, Any] | None = None
    result: Result | None = None
    error: str | None = None


def started(job: Job) -> Started:
    """The answer to a job that was accepted."""
    model = str(job.payload["model"]).upper()
    return Started(
        taskId=job.id,
        message=f"TTS generation task started with {model}",
        statusPath=f"{PATH}/audio/speech/{job.id}",
    )


def status_of(backends: Backends, job: Job) -> Status:
    """How a job stands; what does not apply is not set."""
    return Status(
        taskId=job.id,
        state=job.state,
        ready=job.ended,
        successful=job.state is JobState.SUCCESS if job.ended else None,
        createdAt=iso(job.created_at),
        startedAt=iso(job.started_at) if job.started_at else None,
        endedAt=iso(job.ended_at) if job.ended_at else None,
        **_more(backends, job),
    )


def _more(backends: Backends, job: Job) -> dict[str, Any]:
    match job.state:
        case JobState.SUCCESS:
            found = job.result or {}
            url = output_url(backends, found["path"])
            return {"result": Result(success=True, url=url, metadata=found["metadata"])}
        case JobState.FAILURE:
            return {"error": f"{FAILED}{job.error}"}
        case JobState.REVOKED:
            return {"error": CANCELLED}
    return {"progress": job.progress} if job.progress else {}
