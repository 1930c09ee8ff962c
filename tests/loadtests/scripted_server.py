"""A small server that speaks the streaming contract by script, for testing the client."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, WebSocket
from starlette.responses import JSONResponse
from starlette.websockets import WebSocketDisconnect

CONFIG = {"frame_ms": 20, "min_decode_audio_ms": 240, "decode_window_ms": 1600}
KEY = "kvid_abcdefgh_0123456789012345678901"


@dataclass
class Script:
    """How the server misbehaves, and what it saw."""

    refuse_session: int = 0
    refuse_socket: bool = False
    close_after_frames: int = 0
    fail_final: bool = False
    frames: list[int] = field(default_factory=list)
    """Bytes of every frame."""
    keys: list[str] = field(default_factory=list)


def scripted_app(script: Script) -> FastAPI:
    """The two routes of the streaming surface."""
    app = FastAPI()

    @app.post("/api/thai-asr/sessions")
    async def sessions(request: Request) -> JSONResponse:
        script.keys.append(request.headers["x-api-key"])
        if script.refuse_session:
            return JSONResponse({"success": False}, script.refuse_session)
        ws_url = f"ws://{request.headers['host']}/api/thai-asr/stream?session_id=1"
        return JSONResponse({"session_id": "1", "ws_url": ws_url, "config": CONFIG})

    @app.websocket("/api/thai-asr/stream")
    async def stream(socket: WebSocket) -> None:
        script.keys.append(socket.query_params["api_key"])
        await socket.accept()
        if script.refuse_socket:
            await tell(socket, "error", code="concurrent_session_limit_exceeded")
            await socket.close(4429, "concurrent_session_limit_exceeded")
            return
        await tell(socket, "ready")
        try:
            while True:
                await answer(script, socket, await socket.receive())
        except (WebSocketDisconnect, RuntimeError):
            return

    return app


async def answer(script: Script, socket: WebSocket, message: dict[str, Any]) -> None:
    """One client message, by script. Raises RuntimeError once the socket is closed."""
    if audio := message.get("bytes"):
        await hear(script, socket, audio)
        return
    if message["type"] != "websocket.receive":
        raise WebSocketDisconnect
    match json.loads(message["text"])["type"]:
        case "start":
            await tell(socket, "started", config=CONFIG)
        case "end" if script.fail_final:
            await tell(socket, "error", code="decode_failed")
        case "end":
            await tell(socket, "final", **caption())
        case "reset":
            await tell(socket, "reset_ok")


async def hear(script: Script, socket: WebSocket, audio: bytes) -> None:
    """Speech begins with the third frame, a partial comes with the fifth."""
    script.frames.append(len(audio))
    if len(script.frames) == script.close_after_frames:
        await socket.close(1011, "internal_error")
    elif len(script.frames) == 3:
        await tell(socket, "speech_start", offset_ms=20, latency_ms=1)
    elif len(script.frames) == 5:
        await tell(socket, "partial", **caption())


def caption() -> dict[str, Any]:
    """The fields of any caption."""
    segments = [{"start": 0.0, "end": 0.1, "text": "แมว"}]
    return {
        "text": "แมว",
        "segments": segments,
        "audio_ms": 100,
        "queue_ms": 0,
        "decode_ms": 1,
        "latency_ms": 1,
    }


async def tell(socket: WebSocket, kind: str, **fields: Any) -> None:
    """Send an event."""
    await socket.send_json({"type": kind, "session_id": "1", **fields})


@asynccontextmanager
async def scripted_server(script: Script) -> AsyncIterator[str]:
    """The URL of a running scripted server."""
    sock = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(scripted_app(script), ws="websockets-sansio", log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[sock]))
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
