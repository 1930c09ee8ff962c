"""The access log: one line per request or socket, without keys (KEY-013)."""

from __future__ import annotations

import logging
import time
from urllib.parse import parse_qsl, quote, urlencode

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve_app.core.keys import redact

log = logging.getLogger("kaleido.access")
SERVER_LOGS = ("uvicorn.error", "uvicorn.access", "websockets.server")
"""These write whole URLs, uvicorn for every WebSocket it accepts."""

SECRETS = frozenset({"api_key", "sig"})
"""Query parameters that open something: a key, or the signature of a URL."""


class RedactKeys(logging.Filter):
    """Hides keys in what others log."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = redact(str(record.msg))
        if isinstance(record.args, tuple):  # kept apart from the message: uvicorn's formatter takes them so
            record.args = tuple(redact(arg) if isinstance(arg, str) else arg for arg in record.args)
        return True


def redact_server_logs() -> None:
    """Hide keys in the web server's own logs; calling it again changes nothing."""
    for logger in map(logging.getLogger, SERVER_LOGS):
        if not any(isinstance(known, RedactKeys) for known in logger.filters):
            logger.addFilter(RedactKeys())


def shown_url(scope: Scope) -> str:
    """The URL in one printable line; what opens something, or looks like a key, is hidden."""
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    shown = urlencode([(name, "***" if name.lower() in SECRETS else value) for name, value in query])
    return redact(quote(scope["path"]) + (f"?{shown}" if shown else ""))


class AccessLog:
    """Writes method, URL, status, milliseconds and request id."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        status, started = 0, time.monotonic()

        async def watched(message: Message) -> None:
            nonlocal status
            status = message.get("status") or message.get("code") or status
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            elapsed_ms = (time.monotonic() - started) * 1000
            method = scope.get("method", "WS")
            request_id = scope["state"]["request_id"]
            log.info("%s %s %d %.1fms %s", method, shown_url(scope), status, elapsed_ms, request_id)
