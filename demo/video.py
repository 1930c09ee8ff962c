"""A picture set in motion: a job of the video API, its frames on one contact sheet."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import av
from PIL import Image

from demo.cluster import DemoFailed, Running
from loadtests.job_client import JobFailed
from loadtests.report import Cell
from loadtests.video.client import Made, VideoJobs
from loadtests.video.landscape import jpeg, landscape

PROMPT = "The camera pans right over the lake and pushes in on the temple, gentle waves."
REQUEST = {"prompt": PROMPT, "resolution": "480p", "duration": 3, "seed": 7}
HEAD = ("seconds", "frames / s made", "job ms", "camera", "sound", "file")
TEXTS = (3, 4, 5)
COLUMNS, ROWS = 4, 3
THUMBNAIL = (320, 180)
"""Pixels of a frame on the sheet."""


async def film(running: Running, folder: Path) -> tuple[tuple[Cell, ...], Path]:
    """The row below HEAD, and the contact sheet. Raises DemoFailed."""
    async with VideoJobs(running.url, running.key) as jobs:
        try:
            made = await jobs.done(await jobs.start(jpeg(landscape()), REQUEST))
            content = await jobs.download(made)
        except JobFailed as failure:
            raise DemoFailed(f"video: {failure}") from failure
    saved = folder / "lake.mp4"
    sheet = await asyncio.to_thread(_save, saved, content)
    return _row(made, saved), sheet


def _row(made: Made, saved: Path) -> tuple[Cell, ...]:
    told = made.metadata
    camera, rate = ", ".join(told["camera"]), round(made.frames_per_s)
    return told["duration"], rate, f"{made.total_ms:.0f}", camera, told["ambience"], str(saved)


def _save(path: Path, content: bytes) -> Path:
    """Keep the video, and frames of it spread over its length."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    with av.open(path) as container:
        frames = [frame.to_image().resize(THUMBNAIL) for frame in container.decode(video=0)]
    sheet = path.with_suffix(".png")
    contact_sheet(frames).save(sheet)
    return sheet


def contact_sheet(frames: Sequence[Image.Image]) -> Image.Image:
    """Frames from first to last, in rows."""
    width, height = THUMBNAIL
    sheet = Image.new("RGB", (COLUMNS * width, ROWS * height))
    count = COLUMNS * ROWS
    for place in range(count):
        frame = frames[round(place * (len(frames) - 1) / (count - 1))]
        sheet.paste(frame, (place % COLUMNS * width, place // COLUMNS * height))
    return sheet
