"""A client of the speech jobs: start, poll until ready, download (TTS-001)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from loadtests.job_client import PATIENCE_S, JobClient, JobFailed

START = "/api/tts/v1/audio/speech"
VOICES = "/api/tts/v1/custom-voices"

OnProgress = Callable[[Mapping[str, Any]], None]


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


class SpeechJobs(JobClient):
    """Of one key."""

    async def speak(
        self, request: Mapping[str, Any], on_progress: OnProgress = lambda progress: None
    ) -> Spoken:
        """Start a job and wait for its speech. Raises JobFailed."""
        started = await self._json("POST", START, json=dict(request))
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._ready(started["statusPath"], on_progress)
        except TimeoutError:
            raise JobFailed(f"not ready after {PATIENCE_S:.0f} s") from None

    async def download(self, spoken: Spoken) -> bytes:
        """The WAV. Raises JobFailed."""
        return (await self._answer("GET", spoken.url)).content

    async def voice(self, name: str, wav: bytes, **fields: str) -> str:
        """The `clone_audio` of the custom voice with this name; registered now if it is new (TTS-020). Raises
        JobFailed."""
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
            raise JobFailed(str(body["error"]))
        return Spoken(body)
