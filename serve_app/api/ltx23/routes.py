"""Video jobs: look, cancel (RT-12, VID-016)."""

from __future__ import annotations

from serve_app.api.ltx23.answers import PATH, Status, status_of
from serve_app.flows import jobs
from serve_app.flows.video import KIND
from serve_app.wire import BackendsDep, CallerDep, PollingCallerDep, surface

router = surface(PATH, "ltx23")


@router.get("/{request_id}", response_model_exclude_unset=True)
async def read_video(request_id: str, caller: PollingCallerDep, backends: BackendsDep) -> Status:
    """How a job stands, and its video (VID-012..015)."""
    job = await jobs.status(backends.store, request_id, kind=KIND, team=caller.team_id)
    return status_of(backends, job)


@router.delete("/{request_id}", response_model_exclude_unset=True)
async def cancel_video(request_id: str, caller: CallerDep, backends: BackendsDep) -> Status:
    """Stop a job that has not ended; one that has stays as it is. A running one stops within moments."""
    job = await jobs.cancel(backends, request_id, kind=KIND, team=caller.team_id)
    return status_of(backends, job)
