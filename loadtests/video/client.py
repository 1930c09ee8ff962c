"""A client of the video jobs: start, poll until done, download (VID-001)."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from loadtests.job_client import PATIENCE_S, JobClient, JobFailed

VIDEOS = "/api/ltx23/v1/videos"
ENDED = frozenset({"done", "failed", "canceled"})

OnProgress = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Made:
    """A job that is done, as its status tells."""

    body: Mapping[str, Any]

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What was made and how."""
        found: Mapping[str, Any] = self.body["metadata"]
        return found

    @property
    def frames(self) -> int:
        """Of the video."""
        return int(self.metadata["duration"] * self.metadata["frame_rate"])

    @property
    def frames_per_s(self) -> float:
        """Inside the engine."""
        return self.frames / self.generation_ms * 1000

    @property
    def total_ms(self) -> float:
        """From the server's acceptance to its result."""
        begun, ended = (datetime.fromisoformat(self.body[name]) for name in ("created_at", "ended_at"))
        return (ended - begun).total_seconds() * 1000

    @property
    def generation_ms(self) -> float:
        """Inside the engine."""
        return float(self.metadata["generation_ms"])


class VideoJobs(JobClient):
    """Of one key."""

    async def start(self, picture: bytes, request: Mapping[str, Any]) -> str:
        """The id of a new job; `picture` is a JPEG. Raises JobFailed."""
        url = f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"
        answer = await self._answer("POST", f"{VIDEOS}/generations", json={**request, "image": {"url": url}})
        return str(answer.json()["request_id"])

    async def done(self, job: str, on_progress: OnProgress = lambda progress: None) -> Made:
        """Wait for its video. Raises JobFailed."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                body = await self._ended(job, on_progress)
        except TimeoutError:
            raise JobFailed(f"not done after {PATIENCE_S:.0f} s") from None
        if body["status"] != "done":
            raise JobFailed(str(body.get("error", body["status"])))
        return Made(body)

    async def cancel(self, job: str) -> None:
        """Stop it, and wait until it is. Raises JobFailed."""
        await self._answer("DELETE", f"{VIDEOS}/{job}")
        await self._ended(job, lambda progress: None)

    async def download(self, made: Made) -> bytes:
        """The MP4. Raises JobFailed."""
        return (await self._answer("GET", made.body["video"]["url"])).content

    async def _ended(self, job: str, on_progress: OnProgress) -> Mapping[str, Any]:
        while (body := (await self._answer("GET", f"{VIDEOS}/{job}")).json())["status"] not in ENDED:
            if body.get("progress"):
                on_progress(body["progress"])
            await asyncio.sleep(self._poll_s)
        return dict(body)
