"""From a caller's fields and picture to a queued video job (VID-001..010, JOB-005)."""

from __future__ import annotations

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import asdict, replace

from serve_app.backends import Backends
from serve_app.core.data_url import Content
from serve_app.core.jobs import Job, uploads_folder
from serve_app.core.video.rules import VideoFields, VideoJob, resolve
from serve_app.engines import VIDEO
from serve_app.errors import UpstreamUnreachable
from serve_app.flows.jobs.client import random_seed, submit_job
from serve_app.flows.jobs.idempotency import fingerprint, once
from serve_app.flows.video.generation import KIND
from serve_app.flows.video.source_picture import naming, sent_picture
from serve_app.media.pictures import MEDIA_TYPE, png, read_picture

ROUTE = "POST /api/ltx23/v1/videos/generations"
"""Under which idempotency keys are kept."""
PICTURE = "image.url"
"""The field, in errors."""

ONE_AT_A_TIME = ThreadPoolExecutor(1, "picture")
"""A picture of 64 megapixels takes up to three seconds and a gigabyte while it is decoded: pictures wait for
each other, so that those of many callers fill no memory and leave processors to live captions."""


async def submit_video(
    backends: Backends, team: str, asked: VideoFields, url: str, idempotency_key: str | None
) -> Job:
    """Check all that can be checked before a job is accepted, then queue it; a repeat gives the first job.

    Raises InvalidRequest and what `sent_picture` raises, which name the field, UpstreamUnreachable when
    nothing that lives makes such videos (ERR-006), QueueFull, StorageFull, IdempotencyConflict and
    IdempotencyInProgress.
    """
    body = await asyncio.to_thread(_fingerprint, asked, url)
    async with once(backends.store, backends.clock, team, ROUTE, idempotency_key, body) as job_id:
        if idempotency_key and (repeated := await backends.store.job(job_id)):
            return repeated
        order = resolve(asked, random_seed=random_seed())
        await check_lives(backends, order)
        with naming(PICTURE):
            sent = await sent_picture(backends, team, url)
            picture = await _in_turn(sent, order, backends.settings.video_max_pixels)
        return await _submitted(backends, team, job_id, order, picture)


async def check_lives(backends: Backends, order: VideoJob) -> None:
    """Raises UpstreamUnreachable when nothing lives behind the model's name."""
    if order.model not in await backends.cards.of(VIDEO):
        raise UpstreamUnreachable(f"No runtime of {order.alias} answers.")


def _fingerprint(asked: VideoFields, url: str) -> str:
    """In a thread: a URL may hold a picture of 25 MiB."""
    return fingerprint({**asdict(asked), PICTURE: hashlib.sha256(url.encode()).hexdigest()})


async def _in_turn(sent: Content, order: VideoJob, max_pixels: int) -> bytes:
    """The file to keep of a picture. Raises InvalidRequest."""
    ratio = (order.width, order.height)
    return await asyncio.get_running_loop().run_in_executor(
        ONE_AT_A_TIME, lambda: png(read_picture(sent, ratio, max_pixels=max_pixels))
    )


async def _submitted(backends: Backends, team: str, job_id: str, order: VideoJob, picture: bytes) -> Job:
    """The picture of a job that is not queued in the end is removed. Until the job has ended (`Ending`)
    it is kept as long as a record."""
    path = f"{uploads_folder(team, job_id)}image.png"
    keep_s, bound = backends.settings.job_keep_s, backends.settings.video_max_waiting
    async with AsyncExitStack() as undo:
        undo.push_async_callback(backends.files.delete, path)
        await backends.files.write(path, picture, team=team, media_type=MEDIA_TYPE, keep_s=keep_s)
        payload = asdict(replace(order, image=path))
        job = await submit_job(backends, KIND, team, payload, job_id=job_id, bound=bound)
        undo.pop_all()
    return job
