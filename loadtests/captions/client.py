"""A streaming client of the public captions API: `POST sessions`, then the WebSocket protocol (ASR-030..053).

async with ThaiAsr(url, key) as api, api.stream() as stream:
    recording = await stream.say(utterance)
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Any, Self

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from loadtests.pacing import Clock, Sleep, paced
from loadtests.recording import END, ENDS_UTTERANCE, RESET, Event, Recording, Utterance

PATIENCE_S = 15.0
"""An answer later than this is lost: far above every target, and above the server's retries of a final."""

OnEvent = Callable[[Event], None]


class StreamFailed(Exception):
    """The server refused, closed or did not answer; the text says which, never with the key."""


class ThaiAsr:
    """The HTTP half: configuration and sessions."""

    def __init__(self, url: str, key: str, *, clock: Clock = time.monotonic_ns, sleep: Sleep = asyncio.sleep):
        self._http = httpx.AsyncClient(base_url=f"{url}/api/thai-asr", headers={"x-api-key": key})
        self._key = key
        self._clock = clock
        self._sleep = sleep

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def session(self, config: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Open a session (JSON 2). Raises StreamFailed."""
        try:
            reply = await self._http.post("/sessions", json=dict(config or {}))
        except httpx.HTTPError as unreachable:
            raise StreamFailed(f"sessions: {type(unreachable).__name__}") from unreachable
        if reply.status_code != httpx.codes.OK:
            raise StreamFailed(f"sessions: HTTP {reply.status_code}")
        return dict(reply.json())

    async def stream_url(self, config: Mapping[str, Any] | None = None) -> str:
        """The WebSocket address of a new session, with the key in it (KEY-008). Raises StreamFailed."""
        return f"{(await self.session(config))['ws_url']}&api_key={self._key}"

    @asynccontextmanager
    async def stream(self, config: Mapping[str, Any] | None = None) -> AsyncIterator[Stream]:
        """A started stream on a session of its own. Raises StreamFailed."""
        url = await self.stream_url(config)
        try:
            socket = await connect(url, compression=None, proxy=None)
        except (OSError, InvalidHandshake) as refused:
            raise StreamFailed(f"connect: {type(refused).__name__}") from refused
        async with socket:
            stream = Stream(socket, clock=self._clock, sleep=self._sleep)
            try:
                await stream.start()
                yield stream
            finally:
                await stream.close()


class Stream:
    """The WebSocket half. A reader stamps every event on arrival, whatever the sender is doing."""

    def __init__(self, socket: ClientConnection, *, clock: Clock, sleep: Sleep) -> None:
        self._socket = socket
        self._clock = clock
        self._sleep = sleep
        self._arrived: asyncio.Queue[Event | None] = asyncio.Queue()
        self._listeners: list[OnEvent] = []
        self._reader = asyncio.create_task(self._read())
        self.config: Mapping[str, Any] = {}

    async def start(self, config: Mapping[str, Any] | None = None) -> None:
        """Wait for `ready`, send `start`, wait for `started`. Raises StreamFailed."""
        await self._until("ready")
        await self._send(json.dumps({"type": "start", **(config or {})}))
        self.config = (await self._until("started")).body.get("config", {})

    async def say(self, utterance: Utterance, on_event: OnEvent | None = None) -> Recording:
        """Stream an utterance in real time, end it and wait for its final; failures are in the recording."""
        recording = Recording(utterance, self.config)
        self._listeners = [recording.events.append, *([on_event] if on_event else [])]
        try:
            await self._speak(recording)
            recording.end_sent_ns = self._clock()
            await self._send(END)
            last = await self._until(*ENDS_UTTERANCE)
            recording.failure = "" if last.kind == "final" else _said(last)
        except StreamFailed as failure:
            recording.failure = str(failure)
        finally:
            self._listeners = []
        return recording

    async def reset(self) -> None:
        """Make the socket ready for the next utterance. Raises StreamFailed."""
        await self._send(RESET)
        await self._until("reset_ok")

    async def close(self) -> None:
        """Stop reading and close."""
        await self._socket.close()
        await self._reader

    async def _speak(self, recording: Recording) -> None:
        frames = recording.utterance.frames(recording.frame_ms)
        async for due_ns, frame in paced(frames, recording.frame_ms, clock=self._clock, sleep=self._sleep):
            recording.due_ns = recording.due_ns or due_ns
            recording.sent_ns.append(self._clock())
            await self._send(frame)

    async def _send(self, message: str | bytes) -> None:
        try:
            await self._socket.send(message)
        except ConnectionClosed as closed:
            raise StreamFailed(self._closing()) from closed

    async def _until(self, *kinds: str) -> Event:
        """The next event of one of these types; others were already handed to the listeners."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while event := await self._arrived.get():
                    if event.kind in kinds:
                        return event
        except TimeoutError as late:
            raise StreamFailed(f"no {kinds[0]} in {PATIENCE_S:.0f} s") from late
        self._arrived.put_nowait(None)  # whoever waits next must learn it too
        raise StreamFailed(self._closing())

    async def _read(self) -> None:
        with suppress(ConnectionClosed):
            async for message in self._socket:
                event = Event(self._clock(), json.loads(message))
                for listen in self._listeners:
                    listen(event)
                self._arrived.put_nowait(event)
        self._arrived.put_nowait(None)

    def _closing(self) -> str:
        return f"closed {self._socket.close_code} {self._socket.close_reason or ''}".rstrip()


def _said(error: Event) -> str:
    return f"error {error.body.get('code')}"
