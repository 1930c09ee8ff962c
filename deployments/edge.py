"""What stands between the public socket and the app: bounded heads, closing on drain, hidden headers."""

from __future__ import annotations

from typing import Any

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024
"""httptools itself would buffer a request head without end; 64 KiB is what h11 and most servers allow."""
PROXY_CONTROLS = frozenset({b"x-request-timeout-seconds", b"x-request-disconnect-disabled"})
"""With these a client of Serve's own proxy could switch off its time limits and its cancellation."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol that answers 400 to a head larger than `MAX_HEAD_BYTES`."""

    _in_head = True
    _head_bytes = 0

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._head_bytes = self._head_bytes + len(data) if self._in_head else 0
        if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The request head is too large.")


class ClosesWhenDraining:
    """Says `Connection: close` on every answer once draining: clients move on between two requests."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_closing(message: Message) -> None:
            if self.draining and message["type"] == "http.response.start":
                headers: list[Any] = [*message.get("headers", ()), (b"connection", b"close")]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, send_closing if scope["type"] == "http" else send)


class WithoutProxyControls:
    """Hides the headers that steer Serve's proxy from the app behind it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "headers" in scope:
            headers = [pair for pair in scope["headers"] if pair[0].lower() not in PROXY_CONTROLS]
            scope = {**scope, "headers": headers}
        await self._app(scope, receive, send)


def proxy_middlewares() -> list[Middleware]:
    """What Serve puts in front of its own proxy (RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH)."""
    return [Middleware(WithoutProxyControls)]
