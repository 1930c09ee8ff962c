"""A client of the speech jobs: start, poll until ready, download (TTS-001)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import httpx

START = "/api/tts/v1/audio/speech"
VOICES = "/api/tts/v1/custom-voices"
PATIENCE_S = 120.0
"""A job not ready by then has failed the run."""

OnProgress = Callable[[Mapping[str, Any]], None]


class SpeechFailed(Exception):
    """The server refused the text or failed on it; the text says why."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A job that succeeded, as its status tells."""

    body: Mapping[str, Any]

    @property
    def url(self) -> str:
        """Of the WAV, below the server's."""
        return str(self.body["result"]["url"])

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What was spoken and how (TTS-025)."""
        found: Mapping[str, Any] = self.body["result"]["metadata"]
        return found

    @property
    def total_ms(self) -> float:
        """From the server's acceptance to its result."""
        return self._between("createdAt", "endedAt")

    @property
    def queued_ms(self) -> float:
        """Until a dispatcher took it."""
        return self._between("createdAt", "startedAt")

    @property
    def synthesis_ms(self) -> float:
        """Inside the engine."""
        return float(self.metadata["synthesis_ms"])

    def _between(self, first: str, last: str) -> float:
        begun, ended = (datetime.fromisoformat(self.body[name]) for name in (first, last))
        return (ended - begun).total_seconds() * 1000


class SpeechJobs:
    """The HTTP client of one key."""

    def __init__(self, url: str, key: str, *, poll_s: float = 0.05) -> None:
        """A job is looked at every `poll_s` seconds."""
        self._http = httpx.AsyncClient(base_url=url, headers={"x-api-key": key}, timeout=PATIENCE_S)
        self._poll_s = poll_s

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def speak(
        self, request: Mapping[str, Any], on_progress: OnProgress = lambda progress: None
    ) -> Spoken:
        """Start a job and wait for its speech. Raises SpeechFailed."""
        started = await self._json("POST", START, json=dict(request))
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._ready(started["statusPath"], on_progress)
        except TimeoutError:
            raise SpeechFailed(f"not ready after {PATIENCE_S:.0f} s") from None

    async def download(self, spoken: Spoken) -> bytes:
        """The WAV. Raises SpeechFailed."""
        return (await self._answer("GET", spoken.url)).content

    async def voice(self, name: str, wav: bytes, **fields: str) -> str:
        """The `clone_audio` of the custom voice with this name; registered now if it is new (TTS-020). Raises
        SpeechFailed."""
        for known in (await self._json("GET", VOICES))["voices"]:
            if known["name"] == name:
                return str(known["audioPath"])
        files = {"audio_file": (f"{name}.wav", wav, "audio/wav")}
        added = await self._json("POST", VOICES, files=files, data={"name": name, **fields})
        return str(added["clone_audio"])

    async def _ready(self, path: str, on_progress: OnProgress) -> Spoken:
        while not (body := await self._json("GET", path))["ready"]:
            if body.get("progress"):
                on_progress(body["progress"])
            await asyncio.sleep(self._poll_s)
        if not body["successful"]:
            raise SpeechFailed(str(body["error"]))
        return Spoken(body)

    async def _json(self, method: str, path: str, **given: Any) -> dict[str, Any]:
        return dict((await self._answer(method, path, **given)).json())

    async def _answer(self, method: str, path: str, **given: Any) -> httpx.Response:
        try:
            answer = await self._http.request(method, path, **given)
        except httpx.HTTPError as unreachable:
            raise SpeechFailed(f"{method} {path}: {type(unreachable).__name__}") from unreachable
        if answer.is_error:
            raise SpeechFailed(f"{method} {path}: HTTP {answer.status_code} {answer.text}")
        return answer
