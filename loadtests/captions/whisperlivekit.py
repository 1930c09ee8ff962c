"""A client of a WhisperLiveKit server, for `loadtests.captions.peer`."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from loadtests.captions.client import PATIENCE_S, StreamFailed
from loadtests.pacing import paced
from loadtests.recording import Event, Recording, Utterance

FRAME_MS = 100
"""What its own clients send."""

Words = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class WhisperLiveKit:
    """Its WebSocket protocol: PCM in, an empty message ends; lines are committed, the buffer is not."""

    url: str
    spoken: dict[bytes, Words]
    """The words of each utterance with their true times, by its audio: the peer tells none."""

    @asynccontextmanager
    async def stream(self) -> AsyncIterator[_Stream]:
        """A stream opens a socket for each utterance: a WhisperLiveKit socket ends with its speech."""
        yield _Stream(self)


class _Stream:
    def __init__(self, service: WhisperLiveKit) -> None:
        self._service = service

    async def say(self, utterance: Utterance) -> Recording:
        """Stream an utterance in real time; failures are in the recording."""
        recording = Recording(utterance, {"frame_ms": FRAME_MS})
        try:
            async with asyncio.timeout(utterance.audio_ms / 1000 + PATIENCE_S):
                async with connect(self._service.url, proxy=None) as socket:
                    reader = asyncio.create_task(self._read(socket, recording))
                    await self._speak(socket, recording)
                    await reader
        except (OSError, TimeoutError, InvalidHandshake, ConnectionClosed, StreamFailed) as failure:
            recording.failure = str(failure) if isinstance(failure, StreamFailed) else type(failure).__name__
        return recording

    async def reset(self) -> None:
        """The next utterance has a socket of its own."""

    async def _speak(self, socket: ClientConnection, recording: Recording) -> None:
        async for due_ns, frame in paced(recording.utterance.frames(FRAME_MS), FRAME_MS):
            recording.due_ns = recording.due_ns or due_ns
            recording.sent_ns.append(time.monotonic_ns())
            await socket.send(frame)
        recording.end_sent_ns = time.monotonic_ns()
        await socket.send(b"")

    async def _read(self, socket: ClientConnection, recording: Recording) -> None:
        """Turn what it shows into the events that the metrics know. Raises StreamFailed."""
        committed = shown = ""
        async for message in socket:
            at_ns, body = time.monotonic_ns(), json.loads(message)
            if body.get("error"):
                raise StreamFailed("error")
            if body.get("type") == "ready_to_stop":
                words = self._service.spoken[recording.utterance.pcm]
                final = {"type": "final", "text": shown, "words": words}
                recording.events.append(Event(at_ns, final))
                return
            lines, tail = _lines(body), body.get("buffer_transcription", "")
            if lines + tail != shown:
                shown = lines + tail
                recording.events.append(Event(at_ns, {"type": "partial", "text": shown}))
            if lines != committed:
                committed = lines
                recording.events.append(Event(at_ns, {"type": "stabilized_partial", "text": committed}))
        raise StreamFailed("closed")


def _lines(body: dict[str, Any]) -> str:
    return "".join(line.get("text") or "" for line in body.get("lines", ()))
