"""The real app on a real port, with scripted speech: close codes and back pressure are up to a server."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from serve_app.app import create_app
from serve_app.auth import Policy
from serve_app.backends import Backends
from serve_app.engines import Word
from tests.fakes import ManualClock, ScriptedModels, open_backends, team_with_key
from tests.flows.captions.scripted_speech import Detector, Recognizer, audio, spoken

SCRIPT = spoken("สวัสดี ครับ วันนี้ เรา จะ เรียน ภาษาไทย")
LINE = "สวัสดีครับวันนี้เราจะเรียนภาษาไทย"


async def eventually(condition: Callable[[], Any], seconds: float = 10.0) -> None:
    """Wait for a condition, with a generous deadline."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - nobody tells us
            await asyncio.sleep(0.01)


class Client:
    """One socket of a caller."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, message: bytes | dict[str, Any] | str) -> None:
        await self.connection.send(json.dumps(message) if isinstance(message, dict) else message)

    async def next(self) -> dict[str, Any]:
        """The next event."""
        async with asyncio.timeout(10):
            return dict(json.loads(await self.connection.recv()))

    async def through(self, kind: str) -> list[dict[str, Any]]:
        """All events up to the next of a kind."""
        events = [await self.next()]
        while events[-1]["type"] != kind:
            events.append(await self.next())
        return events

    async def until(self, kind: str) -> dict[str, Any]:
        """The next event of a kind; others are skipped."""
        return (await self.through(kind))[-1]

    async def end(self) -> tuple[list[dict[str, Any]], int | None]:
        """All events up to the server's close, and its code."""
        events = []
        try:
            while True:
                events.append(await self.next())
        except ConnectionClosed as closed:
            return events, closed.rcvd.code if closed.rcvd else None

    async def start(self, **config: Any) -> dict[str, Any]:
        """Start, and read up to `started`."""
        await self.send({"type": "start", **config})
        return await self.until("started")

    async def say(self, start: float, end: float, frame: float = 0.1) -> None:
        """Send a part of the script."""
        for index in range(round((end - start) / frame)):
            await self.send(audio(start + index * frame, start + (index + 1) * frame).tobytes())


@dataclass
class LiveApi:
    """A running server and its insides."""

    app: FastAPI
    backends: Backends
    recognizer: Recognizer
    clock: ManualClock
    key: str
    http: httpx.AsyncClient
    port: int

    async def session(self, key: str = "", **config: Any) -> dict[str, Any]:
        answer = await self.http.post(
            "/api/thai-asr/sessions", json=config, headers={"x-api-key": key or self.key}
        )
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    @asynccontextmanager
    async def dial(self, query: str, path: str = "/api/thai-asr", **options: Any) -> AsyncIterator[Client]:
        """Any socket on the stream path."""
        url = f"ws://127.0.0.1:{self.port}{path}/stream?{query}"
        async with connect(url, close_timeout=2, **options) as connection:
            yield Client(connection)

    @asynccontextmanager
    async def connect(self, key: str = "", **config: Any) -> AsyncIterator[Client]:
        """A new session, connected; `ready` is read."""
        session_id = (await self.session(key, **config))["session_id"]
        async with self.dial(f"session_id={session_id}&api_key={key or self.key}") as client:
            assert (await client.next())["type"] == "ready"
            yield client

    async def all_left(self) -> None:
        """Wait until every socket is served to its end."""
        await eventually(lambda: self.app.state.sockets.count == 0)

    async def used_seconds(self) -> float:
        """Audio seconds counted today, once all sockets are gone."""
        await self.all_left()
        answer = await self.http.get("/api/thai-asr/config", headers={"x-api-key": self.key})
        return float(answer.json()["limits"]["today_audio_seconds_used"])


@asynccontextmanager
async def live_api(
    folder: Path, policy: Policy | None = None, script: list[Word] | None = None, **settings: Any
) -> AsyncIterator[LiveApi]:
    """Serve on a free port until the block ends; every socket must be gone by then."""
    words = SCRIPT if script is None else script
    async with open_backends(folder, **settings) as opened:
        clock = opened.clock
        assert isinstance(clock, ManualClock)
        recognizer = Recognizer(words, clock)
        models = ScriptedModels({"typhoon": recognizer})
        backends = replace(opened, models=models, new_detector=lambda: Detector(words))
        _, key = await team_with_key(backends, policy)
        app = create_app(backends)
        async with serving(app) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            yield LiveApi(app, backends, recognizer, clock, key, http, port)
            await eventually(lambda: app.state.sockets.count == 0)


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[int]:
    """The app on a port of its own until the end of the block."""
    listener = socket.create_server(("127.0.0.1", 0))
    # Small kernel buffers, so that a reader that stops is felt after kilobytes and not after megabytes.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
    options = {"log_config": None, "lifespan": "off", "proxy_headers": False, "ws_max_size": 4 << 20}
    config = uvicorn.Config(app, ws="websockets-sansio", **options)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve([listener]))
    await eventually(lambda: server.started)
    try:
        yield int(listener.getsockname()[1])
    finally:
        server.should_exit = True
        await task
        listener.close()
