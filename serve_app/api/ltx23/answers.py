"""What callers hear about a video job (JSON 13..15)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from serve_app.backends import Backends
from serve_app.clock import iso
from serve_app.core.jobs import Job, JobState
from serve_app.output_files import output_url

PATH = "/api/ltx23/v1/videos"
FAILED = "Remote LTX image-to-video failed: "


class VideoStatus(StrEnum):
    """Public names of the states (VID-012)."""

    QUEUED = "queued"
    PROCESSING = "processing"
    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"


STATUSES = {
    JobState.PENDING: VideoStatus.QUEUED,
    JobState.RETRY: VideoStatus.QUEUED,
    JobState.STARTED: VideoStatus.PROCESSING,
    JobState.SUCCESS: VideoStatus.DONE,
    JobState.FAILURE: VideoStatus.FAILED,
    JobState.REVOKED: VideoStatus.CANCELED,
}


class Queued(BaseModel):
    """JSON 13."""

    request_id: str
    status: VideoStatus = VideoStatus.QUEUED
    model: str
    """As the caller named it (VID-013)."""


class Output(BaseModel):
    """Of a job that is done."""

    url: str
    """Of the MP4; relative to this site."""


class Status(BaseModel):
    """JSON 14 and 15; `progress`, `video`, `metadata` and `error` only where there is one."""

    request_id: str
    status: VideoStatus
    model: str
    created_at: str
    """ISO 8601, as of the times below."""
    started_at: str | None
    """When the newest attempt began."""
    ended_at: str | None
    progress: Mapping[str, Any] | None = None
    video: Output | None = None
    metadata: Mapping[str, Any] | None = None
    error: str | None = None


def queued(job: Job) -> Queued:
    """The answer to a job that was accepted; the same again when its request is repeated (JOB-005)."""
    return Queued(request_id=job.id, model=job.payload["alias"])


def status_of(backends: Backends, job: Job) -> Status:
    """How a job stands; what does not apply is not set."""
    return Status(
        request_id=job.id,
        status=STATUSES[job.state],
        model=job.payload["alias"],
        created_at=iso(job.created_at),
        started_at=iso(job.started_at) if job.started_at else None,
        ended_at=iso(job.ended_at) if job.ended_at else None,
        **_more(backends, job),
    )


def _more(backends: Backends, job: Job) -> dict[str, Any]:
    match job.state:
        case JobState.SUCCESS:
            found = job.result or {}
            url = output_url(backends, found["path"])
            return {"video": Output(url=url), "metadata": found["metadata"]}
        case JobState.FAILURE:
            return {"error": f"{FAILED}{job.error}"}
        case JobState.STARTED:
            return {"progress": job.progress} if job.progress else {}
    return {}
