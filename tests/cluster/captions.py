"""A minimal client of the streaming surface."""

from __future__ import annotations

import json
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from tests.cluster.running import RunningCluster

SECOND = bytes.fromhex("201fe0e0") * 8_000
"""A second of audible 16 kHz PCM16, a square wave: without voice detection all that is audible is speech."""


async def open_stream(cluster: RunningCluster, **config: Any) -> ClientConnection:
    """A started stream: session created, connected, `ready` and `started` received."""
    async with httpx.AsyncClient(timeout=30) as http:
        answer = await http.post(
            f"{cluster.url}/api/thai-asr/sessions", json=config, headers={"x-api-key": cluster.key}
        )
    url = answer.raise_for_status().json()["ws_url"]
    socket = await connect(f"{url}&api_key={cluster.key}")
    assert (await receive(socket, "ready"))["type"] == "ready"
    await socket.send(json.dumps({"type": "start", **config}))
    assert (await receive(socket, "started"))["type"] == "started"
    return socket


async def receive(socket: ClientConnection, *types: str) -> dict[str, Any]:
    """The next event of one of these types."""
    while True:
        event: dict[str, Any] = json.loads(await socket.recv())
        if event["type"] in types:
            return event


async def caption(socket: ClientConnection, seconds: int) -> dict[str, Any]:
    """Stream audio, end the utterance; the `final`, or the `error` that came instead."""
    for _ in range(seconds):
        await socket.send(SECOND)
    await socket.send(json.dumps({"type": "end"}))
    return await receive(socket, "final", "error")
