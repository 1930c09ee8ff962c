"""A client of the video jobs: start, poll until done, download (VID-001)."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import httpx

VIDEOS = "/api/ltx23/v1/videos"
PATIENCE_S = 600.0
"""A job that has not ended by then has failed the run."""
ENDED = frozenset({"done", "failed", "canceled"})

OnProgress = Callable[[Mapping[str, Any]], None]


class VideoFailed(Exception):
    """The server refused the request or failed on it; the text says why."""


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
    def total_ms(self) -> float:
        """From the server's acceptance to its result."""
        begun, ended = (datetime.fromisoformat(self.body[name]) for name in ("created_at", "ended_at"))
        return (ended - begun).total_seconds() * 1000

    @property
    def generation_ms(self) -> float:
        """Inside the engine."""
        return float(self.metadata["generation_ms"])


class VideoJobs:
    """The HTTP client of one key."""

    def __init__(self, url: str, key: str, *, poll_s: float = 0.1) -> None:
        """A job is looked at every `poll_s` seconds."""
        self._http = httpx.AsyncClient(base_url=url, headers={"x-api-key": key}, timeout=PATIENCE_S)
        self._poll_s = poll_s

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def start(self, picture: bytes, request: Mapping[str, Any]) -> str:
        """The id of a new job; `picture` is a JPEG. Raises VideoFailed."""
        url = f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"
        answer = await self._answer("POST", f"{VIDEOS}/generations", json={**request, "image": {"url": url}})
        return str(answer.json()["request_id"])

    async def done(self, job: str, on_progress: OnProgress = lambda progress: None) -> Made:
        """Wait for its video. Raises VideoFailed."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                body = await self._ended(job, on_progress)
        except TimeoutError:
            raise VideoFailed(f"not done after {PATIENCE_S:.0f} s") from None
        if body["status"] != "done":
            raise VideoFailed(str(body.get("error", body["status"])))
        return Made(body)

    async def cancel(self, job: str) -> None:
        """Stop it, and wait until it is. Raises VideoFailed."""
        await self._answer("DELETE", f"{VIDEOS}/{job}")
        await self._ended(job, lambda progress: None)

    async def download(self, made: Made) -> bytes:
        """The MP4. Raises VideoFailed."""
        return (await self._answer("GET", made.body["video"]["url"])).content

    async def _ended(self, job: str, on_progress: OnProgress) -> Mapping[str, Any]:
        while (body := (await self._answer("GET", f"{VIDEOS}/{job}")).json())["status"] not in ENDED:
            if body.get("progress"):
                on_progress(body["progress"])
            await asyncio.sleep(self._poll_s)
        return dict(body)

    async def _answer(self, method: str, path: str, **given: Any) -> httpx.Response:
        try:
            answer = await self._http.request(method, path, **given)
        except httpx.HTTPError as unreachable:
            raise VideoFailed(f"{method} {path}: {type(unreachable).__name__}") from unreachable
        if answer.is_error:
            raise VideoFailed(f"{method} {path}: HTTP {answer.status_code} {answer.text}")
        return answer
