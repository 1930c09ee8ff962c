"""What callers hear about a reading (JSON 6 and 7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel

from serve_app.core.jobs import Job, JobState
from serve_app.errors import KaleidoError, Unavailable, error_with

PATH = "/api/reading-score"


class Queued(BaseModel):
    """JSON 6."""

    success: Literal[True] = True
    queued: Literal[True] = True
    taskId: str
    state: Literal["PENDING"] = "PENDING"
    ready: Literal[False] = False
    statusPath: str
    """Relative to this site; poll it with the same key."""
    reportPath: str
    """The score as a page, once the status is ready (RT-52)."""


class Status(BaseModel):
    """JSON 7; `progress`, `result` and `error` only where there is one (RS-023, RS-024)."""

    taskId: str
    state: JobState
    ready: bool
    """True once the state is final."""
    successful: bool | None
    """null until then."""
    progress: Mapping[str, Any] | None = None
    result: Mapping[str, Any] | None = None
    """The score, complete: what a request that waits gets."""
    error: str | None = None


def status_of(job: Job) -> Status:
    """How a reading stands; what does not apply is not set."""
    return Status(
        taskId=job.id,
        state=job.state,
        ready=job.ended,
        successful=job.state is JobState.SUCCESS if job.ended else None,
        **_more(job),
    )


def _more(job: Job) -> dict[str, Any]:
    match job.state:
        case JobState.SUCCESS:
            return {"result": job.result}
        case JobState.FAILURE:
            return {"error": job.error}
    return {"progress": job.progress} if job.progress else {}


def failure_of(job: Job) -> KaleidoError:
    """The error of a job that failed, as its flow raised it. An engine that fails after all attempts, and a
    process that was lost, are an unavailable runtime (ERR-005)."""
    error = error_with((job.result or {}).get("code", Unavailable.code), job.error)
    return Unavailable(job.error) if error.status == KaleidoError.status else error
