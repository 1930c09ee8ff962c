"""What stands between the public socket and the app: bounded heads, upgrades that nobody offers, old clients,
closing on drain, hidden headers."""

from __future__ import annotations

import sys
from typing import Any

import httptools
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

MAX_HEAD_BYTES = 64 * 1024
"""httptools itself would buffer a request head without end; 64 KiB is what h11 and most servers allow."""
OFFERS = frozenset({b"upgrade", b"http2-settings"})
"""Headers, and options of `Connection`, by which a client offers another protocol (RFC 7540, 3.2)."""
PROXY_CONTROLS = frozenset({b"x-request-timeout-seconds", b"x-request-disconnect-disabled"})
"""With these a client of Serve's own proxy could switch off its time limits and its cancellation."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol that answers 400 to a head larger than `MAX_HEAD_BYTES`, serves a request whose
    `Upgrade` it does not offer as if there were none (RT-54), and ends answers to HTTP/1.0 with the
    connection (RT-55)."""

    _in_head = True
    _head_bytes = 0
    _received = b""

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._ignores_upgrade():
            self.scope["method"] = self.parser.get_method().decode("ascii")
            return
        super().on_headers_complete()
        if self.scope["http_version"] == "1.0":
            _end_with_the_connection(self.cycle)

    def on_message_complete(self) -> None:
        if not self._ignores_upgrade():
            super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        self._received = data
        super().data_received(data)
        self._head_bytes = self._head_bytes + len(data) if self._in_head else 0
        if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The request head is too large.")

    def _ignores_upgrade(self) -> bool:
        return bool(self.parser.should_upgrade()) and not self._should_upgrade()

    def _unsupported_upgrade_warning(self) -> None:
        """uvicorn calls it where the parser has stopped behind the head, since it takes what follows for
        another protocol: a new parser reads the head without the offer, and the body (RFC 9110, 7.8)."""
        stopped = sys.exception()
        assert isinstance(stopped, httptools.HttpParserUpgrade)
        rest = self._received[stopped.args[0] :]
        self.parser = httptools.HttpRequestParser(self)
        self.data_received(self._head_without_upgrade() + rest)

    def _head_without_upgrade(self) -> bytes:
        method, version = self.scope["method"], self.scope["http_version"]
        lines = [b"%s %s HTTP/%s" % (method.encode("ascii"), self.url, version.encode("ascii"))]
        for name, value in self.headers:
            if name == b"connection":
                options = (option.strip() for option in value.split(b","))
                value = b", ".join(option for option in options if option.lower() not in OFFERS)
            if name not in OFFERS:
                lines.append(name + b": " + value)
        return b"\r\n".join([*lines, b"", b""])


def _end_with_the_connection(cycle: RequestResponseCycle) -> None:
    """An answer without a length gets no chunks, which HTTP/1.0 does not know (RFC 9112, 6.1)."""
    send, framed = cycle.send, True

    async def unframed(message: Any) -> None:
        nonlocal framed
        if message["type"] == "http.response.start":
            framed = any(name.lower() == b"content-length" for name, _ in message.get("headers", ()))
            if not framed:
                cycle.chunked_encoding, cycle.expected_content_length = False, sys.maxsize
        elif not framed and not message.get("more_body", False):
            cycle.expected_content_length = len(message.get("body", b""))
        await send(message)

    cycle.send = unframed  # type: ignore[method-assign]


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
