"""Reading video jobs, and the sheet of frames that the demo shows."""

from __future__ import annotations

import io
from typing import Any

import httpx
import pytest
from PIL import Image

from demo.video import COLUMNS, ROWS, THUMBNAIL, contact_sheet
from loadtests.job_client import JobFailed
from loadtests.video.client import Made, VideoJobs
from loadtests.video.landscape import jpeg, landscape

DONE = {
    "status": "done",
    "created_at": "2026-06-05T08:00:00.000Z",
    "ended_at": "2026-06-05T08:00:02.500Z",
    "metadata": {"duration": 5, "frame_rate": 24, "generation_ms": 2000.0},
}


def test_times_are_the_servers_own() -> None:
    """VID-014: from the status alone, so that the polling of a client is not in them."""
    made = Made(DONE)
    assert (made.frames, made.total_ms, made.generation_ms) == (120, 2500.0, 2000.0)


async def test_a_job_that_fails_is_told_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """VID-014: the reason, not a hang."""
    answers: list[dict[str, Any]] = [
        {"request_id": "1"},
        {"status": "processing", "progress": {"stage": "render"}},
        {"status": "failed", "error": "Remote LTX image-to-video failed: why"},
    ]
    seen: list[object] = []
    async with VideoJobs("http://api.test", "key", poll_s=0) as jobs:
        transport = httpx.MockTransport(lambda request: httpx.Response(200, json=answers.pop(0)))
        monkeypatch.setattr(jobs, "_http", httpx.AsyncClient(transport=transport, base_url="http://api.test"))
        with pytest.raises(JobFailed, match="why"):
            await jobs.done(await jobs.start(b"", {}), seen.append)
    assert seen == [{"stage": "render"}]


def test_a_contact_sheet_goes_from_first_to_last() -> None:
    """VID-014: frames over the whole length, in rows."""
    count = 3 * COLUMNS * ROWS
    sheet = contact_sheet([Image.new("RGB", THUMBNAIL, (shade, 0, 0)) for shade in range(count)])
    shades = [
        sheet.getpixel((x * THUMBNAIL[0], y * THUMBNAIL[1])) for y in range(ROWS) for x in range(COLUMNS)
    ]
    assert shades[0] == (0, 0, 0)
    assert shades[-1] == (count - 1, 0, 0)
    assert shades == sorted(shades)


def test_the_picture_is_always_the_same() -> None:
    """VID-010: runs are compared with one another."""
    assert jpeg(landscape(320, 180)) == jpeg(landscape(320, 180))
    with Image.open(io.BytesIO(jpeg(landscape(320, 180)))) as picture:
        assert (picture.format, picture.size) == ("JPEG", (320, 180))
