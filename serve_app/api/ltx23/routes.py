"""Video jobs: start, look, cancel (RT-11, RT-12, VID-016)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Request

from serve_app.api.ltx23.answers import PATH, Queued, Status, queued, status_of
from serve_app.api.ltx23.requests import VideoBody
from serve_app.flows.jobs.client import cancel_job, job_status
from serve_app.flows.video.generation import KIND
from serve_app.flows.video.submit import submit_video
from serve_app.http.dependencies import BackendsDep, CallerDep, PollingCallerDep
from serve_app.http.surface import GuardedRoute, surface

router = surface(PATH, "ltx23")


class PictureRoute(GuardedRoute):
    """Takes a picture of 25 MiB inside of JSON."""

    body_bytes = (34 * 1024 + 64) * 1024
    """Base64 makes 33.4 MiB of it, or 33.9 where each `/` is escaped, as PHP does. The rest is for the other
    fields: a prompt is 24 kB at most, all of it escaped."""


async def start_video(
    request: Request,
    caller: CallerDep,
    backends: BackendsDep,
    body: VideoBody,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> Queued:
    """Set a picture in motion, with sound; poll `GET .../videos/{request_id}` until it is done (VID-001).

    With an `Idempotency-Key` the same request within a day gives the same job (JOB-005).
    """
    url = body.image.url.strip()
    return queued(await submit_video(backends, caller.team_id, body.fields(), url, idempotency_key))


router.add_api_route("/generations", start_video, methods=["POST"], route_class_override=PictureRoute)


@router.get("/{request_id}", response_model_exclude_unset=True)
async def read_video(request_id: str, caller: PollingCallerDep, backends: BackendsDep) -> Status:
    """How a job stands, and its video (VID-012..015)."""
    job = await job_status(backends.store, request_id, kind=KIND, team=caller.team_id)
    return status_of(backends, job)


@router.delete("/{request_id}", response_model_exclude_unset=True)
async def cancel_video(request_id: str, caller: CallerDep, backends: BackendsDep) -> Status:
    """Stop a job that has not ended; one that has stays as it is. A running one stops within moments."""
    job = await cancel_job(backends, request_id, kind=KIND, team=caller.team_id)
    return status_of(backends, job)
