"""Serves an ASGI app on the public port from inside a running event loop, and drains it without loss."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Protocol

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from deployments.gateway.http_guards import BoundedHttpProtocol, ClosesWhenDraining
from serve_app.settings import Settings

BACKLOG = 2048
KEEP_ALIVE_S = 65
"""Longer than the 60 s after which load balancers usually drop an idle connection: whoever reuses connections
should close them."""
LINGER_S = 1.0
"""After the listener closed, busy keep-alive connections get this long to meet `Connection: close`."""
LAST_ANSWERS_S = 10
"""Answers still being written when the drain is over get this long."""
PING_S = 20.0
MESSAGE_SLACK = 64 * 1024
"""uvicorn's own message limit lies this far above ours, so that ours answers first, with an `error` event."""


class OpenSockets(Protocol):
    """The registry of open WebSockets that the app keeps."""

    count: int

    async def drain(self, grace_s: float) -> None:
        """Let sockets finish for `grace_s`, then close the rest with 1012."""
        ...


class Listener:
    """uvicorn on a SO_REUSEPORT socket: old and new process share the port while one replaces the other."""

    def __init__(
        self, app: ASGIApp, sockets: OpenSockets, *, host: str, port: int, max_message_bytes: int
    ) -> None:
        self._sockets = sockets
        self._address = (host, port)
        self._drainable = ClosesWhenDraining(app)
        self._server = _Server(_uvicorn_config(self._drainable, max_message_bytes))
        self._task: asyncio.Task[None] | None = None
        self._draining: asyncio.Task[None] | None = None

    @classmethod
    def of(cls, app: FastAPI, settings: Settings) -> Listener:
        """The listener of the public API."""
        return cls(
            app,
            app.state.sockets,
            host=settings.host,
            port=settings.port,
            max_message_bytes=settings.asr_max_message_bytes,
        )

    @property
    def open_sockets(self) -> int:
        """WebSockets open now."""
        return self._sockets.count

    @property
    def requests(self) -> int:
        """HTTP requests and WebSockets being served now."""
        return len(self._server.server_state.tasks)

    async def start(self) -> None:
        """Listen. Raises OSError when the port cannot be had, RuntimeError when the app does not start."""
        sock = bind(*self._address)
        self._task = asyncio.create_task(self._server.serve(sockets=[sock]))
        while not self._server.started:
            if self._task.done():
                sock.close()
                self._task.result()
                raise RuntimeError("the public API did not start")
            await asyncio.sleep(0.01)

    def check(self) -> None:
        """Raise when nobody listens any more."""
        if self._task is None or self._task.done():
            raise RuntimeError("the public server has stopped")
        if not any(server.is_serving() for server in self._server.servers):
            raise RuntimeError("the public port is closed")

    async def drain(self, grace_s: float) -> None:
        """Accept no more, let sockets and answers finish for `grace_s`, close the sockets that are left with
        1012, cut the answers that are left, stop."""
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain(grace_s))
        await asyncio.shield(self._draining)

    async def _drain(self, grace_s: float) -> None:
        self._drainable.draining = True
        for server in self._server.servers:
            server.close()
        over = asyncio.get_running_loop().time() + grace_s
        await self._sockets.drain(grace_s)
        await asyncio.sleep(LINGER_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(over):
                await self._all_answered()
        self._server.should_exit = True
        if self._task is not None:
            await self._task

    async def _all_answered(self) -> None:
        """An answer that is streamed may take as long as a conversation."""
        while tasks := set(self._server.server_state.tasks):
            await asyncio.wait(tasks)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket that shares its port with our other processes. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG, reuse_port=True)


def check_port_free(host: str, port: int) -> None:
    """Raise OSError when anyone listens on the port already, one of our own processes included."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    socket.create_server((host, port), family=family).close()


def _uvicorn_config(app: ASGIApp, max_message_bytes: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=BoundedHttpProtocol,
        ws="websockets-sansio",
        ws_max_size=max_message_bytes + MESSAGE_SLACK,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PING_S,
        # PCM does not compress, and a deflate context costs 300 kB for each socket.
        ws_per_message_deflate=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=LAST_ANSWERS_S,
        access_log=False,
        server_header=False,
        # The app itself decides which forwarded headers to believe (ASR-022).
        proxy_headers=False,
        log_config=None,
    )


class _Server(uvicorn.Server):
    """Leaves signals to the process it lives in."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
