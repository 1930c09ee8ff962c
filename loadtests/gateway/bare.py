"""The yardstick: a route and a WebSocket on bare FastAPI and uvicorn, with the gateway's own server settings.

python -m loadtests.gateway.bare 8099
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

HTTP_PATH, WS_PATH = "/config", "/stream"
BODY = {
    "language": "th",
    "mode": "benchmark_spike",
    "backend": "persistent_decoder",
    "engine": "typhoon",
    "defaults": {"sample_rate": 16000, "frame_ms": 20, "partial_interval_ms": 40, "vad": True},
    "tenant": {"team_id": "team_0", "team_name": "bare", "key_prefix": "abcd1234"},
    "limits": {"requests_per_minute": 120, "concurrent_sessions": 3, "daily_audio_seconds": 3600},
}
"""As much JSON as the real route answers."""

app = FastAPI()


@app.get(HTTP_PATH)
async def config() -> dict[str, Any]:
    """Neither key nor bucket nor store."""
    return BODY


@app.websocket(WS_PATH)
async def stream(websocket: WebSocket) -> None:
    """Swallows audio, answers text."""
    await websocket.accept()
    with suppress(WebSocketDisconnect):  # a client that left before its answer
        while (message := await websocket.receive())["type"] == "websocket.receive":
            if message.get("text") is not None:
                await websocket.send_text('{"type":"reset_ok"}')


@asynccontextmanager
async def bare_server() -> AsyncIterator[str]:
    """Its URL; a process of its own, as the gateway is one."""
    # Listening before the process runs: early connections wait in the backlog instead of being refused.
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as sock:
        port = sock.getsockname()[1]
        command = (sys.executable, "-m", "loadtests.gateway.bare", str(sock.fileno()))
        process = await asyncio.create_subprocess_exec(*command, pass_fds=[sock.fileno()])
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


def main() -> None:
    """Serve on the listening socket whose file descriptor is the argument."""
    config = uvicorn.Config(
        app, ws="websockets-sansio", ws_per_message_deflate=False, access_log=False, log_config=None
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])


if __name__ == "__main__":
    main()
