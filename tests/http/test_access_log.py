"""Logs of a real server."""

from __future__ import annotations

import asyncio
import logging
import socket

import httpx
import pytest
import uvicorn
import websockets
from fastapi import FastAPI


async def test_a_real_server_logs_no_key(
    app: FastAPI, key: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """KEY-008, KEY-013, RT-44: one port serves HTTP and WebSockets; uvicorn's own lines show no key."""
    monkeypatch.setattr(logging.getLogger("httpx"), "disabled", True)  # the test's clients log their URLs
    monkeypatch.setattr(logging.getLogger("websockets.client"), "disabled", True)
    with caplog.at_level(logging.DEBUG), socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        serving = asyncio.create_task(server.serve([listening]))
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        async with websockets.connect(f"ws://{address}/probe/socket?api_key={key}") as stream:
            assert "ready" in str(await stream.recv())
        async with httpx.AsyncClient(base_url=f"http://{address}") as client:
            assert (await client.get("/health", params={"api_key": key})).status_code == 200
        server.should_exit = True
        await serving
    assert '"WebSocket /probe/socket?api_key=***" [accepted]' in caplog.text
    assert "GET /health?api_key=***" in caplog.text
    assert key.split("_")[2] not in caplog.text
