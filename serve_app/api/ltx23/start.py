"""Start a video job (RT-11)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Request

from serve_app.api.ltx23.answers import PATH, Queued, queued
from serve_app.api.ltx23.requests import VideoBody
from serve_app.flows.video_orders import order_video
from serve_app.wire import BackendsDep, CallerDep, GuardedRoute, surface


class PictureRoute(GuardedRoute):
    """Takes a picture of 25 MiB inside of JSON."""

    body_bytes = (34 * 1024 + 64) * 1024
    """Base64 makes 33.4 MiB of it, or 33.9 where each `/` is escaped, as PHP does. The rest is for the other
    fields: a prompt is 24 kB at most, all of it escaped."""


router = surface(PATH, "ltx23", PictureRoute)


@router.post("/generations")
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
    cards, url = request.app.state.cards, body.image.url.strip()
    return queued(await order_video(backends, cards, caller.team_id, body.fields(), url, idempotency_key))
