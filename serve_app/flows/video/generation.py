"""A video job: a picture is set in motion, the MP4 written as it comes, counted (VID-014, VID-017)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any

from serve_app.backends import Backends
from serve_app.clock import utc_day
from serve_app.core.jobs import Job
from serve_app.core.usage import VIDEO_SECONDS
from serve_app.core.video.rules import FRAME_RATE, VideoJob
from serve_app.engines import VIDEO, Progress, Video, VideoRequest
from serve_app.errors import VideoFailed
from serve_app.flows.jobs.flow import Report
from serve_app.media.pictures import read_png
from serve_app.output_files import output_path
from serve_app.stores import JsonObject

KIND = "video"
"""Of the jobs, and of the usage they count as."""
FOLDER, PREFIX = "generations/ltx23", "ltx23_av"
"""VID-017."""
MEDIA_TYPE = "video/mp4"


async def generate_job(backends: Backends, job: Job, report: Report) -> JsonObject:
    """Make the video of a job's order; `path` and `metadata` of the file. See `JobFlow`.

    What is written when the job fails, is taken away or cancelled is removed again.
    """
    order = VideoJob(**job.payload)
    request = await request_of(backends, job.team, order)
    generator = await backends.models.find(VIDEO, order.model)
    day = utc_day(job.created_at)
    path = output_path(FOLDER, PREFIX, day, "mp4")
    keep_s = backends.settings.output_keep_s
    async with AsyncExitStack() as undo:
        undo.push_async_callback(backends.files.delete, path)
        async with backends.files.draft(path, team=job.team, media_type=MEDIA_TYPE, keep_s=keep_s) as draft:
            video = await written(generator.generate(request), draft, report)
        await backends.limits.record_usage(
            job.team, VIDEO_SECONDS, float(order.duration), job=job.id, day=day
        )
        undo.pop_all()
    return {"path": path, "metadata": _metadata(order, video)}


async def request_of(backends: Backends, team: str, order: VideoJob) -> VideoRequest:
    """What is asked of the engine. Raises NotFound when the picture is no longer kept."""
    location = (await backends.files.find(order.image, team=team)).location
    return VideoRequest(
        picture=await asyncio.to_thread(read_png, location),
        prompt=order.prompt,
        model=order.model,
        width=order.width,
        height=order.height,
        seconds=order.duration,
        frame_rate=FRAME_RATE,
        seed=order.seed,
    )


async def written(
    items: AsyncGenerator[Progress | bytes | Video, None], draft: Path, report: Report
) -> Video:
    """Write a video as it comes; what there is to tell of it. Raises what the generator raises, and
    VideoFailed when it ends with no video, or with nothing in it."""
    with await asyncio.to_thread(draft.open, "wb") as file:
        async with aclosing(items):
            async for item in items:
                if isinstance(item, Progress):
                    report(item)
                elif isinstance(item, bytes):
                    await asyncio.to_thread(file.write, item)
                elif file.tell():
                    return item
    raise VideoFailed


def _metadata(order: VideoJob, video: Video) -> Mapping[str, Any]:
    """What `metadata` says; the engine's own words first, which change none of ours."""
    engine = {"engine_impl": video.card.impl, "embedded": video.card.embedded} if video.card else {}
    return {
        **video.extras,
        **engine,
        "width": order.width,
        "height": order.height,
        "duration": order.duration,
        "frame_rate": FRAME_RATE,
        "seed": order.seed,
        "resolution": order.resolution,
        "aspect_ratio": order.aspect_ratio,
        "generation_ms": round(video.generation_ms, 1),
    }
