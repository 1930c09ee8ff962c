"""Headers that every answer carries: the request id and the state of the rate window."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve_app.stores import WindowHit

ANSWERS = ("http.response.start", "websocket.accept", "websocket.http.response.start")
ECHOED = re.compile(r"[\x21-\x7e]{1,128}")
"""A caller's request id that is safe to repeat (ERR-018)."""


def adding_headers(send: Send, headers: Callable[[], Mapping[str, str]]) -> Send:
    """A `send` that sets headers, computed when the answer starts."""

    async def sending(message: Message) -> None:
        if message["type"] in ANSWERS:
            message.setdefault("headers", [])
            MutableHeaders(scope=message).update(headers())
        await send(message)

    return sending


class RequestId:
    """Echoes the caller's `X-Request-Id`, or mints one (ERR-018)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            asked = Headers(scope=scope).get("x-request-id", "")
            request_id = asked if ECHOED.fullmatch(asked) else uuid4().hex
            scope.setdefault("state", {})["request_id"] = request_id
            send = adding_headers(send, lambda: {"x-request-id": request_id})
        await self.app(scope, receive, send)


class RateHeaders:
    """Shows the request bucket on every authenticated answer (QUO-007)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            state = scope["state"]
            send = adding_headers(send, lambda: _rate(state) if "window_hit" in state else {})
        await self.app(scope, receive, send)


def _rate(state: Mapping[str, object]) -> Mapping[str, str]:
    hit = state["window_hit"]
    assert isinstance(hit, WindowHit)
    return {
        "x-ratelimit-limit": str(hit.limit),
        "x-ratelimit-remaining": str(hit.remaining),
        "x-ratelimit-reset": str(math.ceil(hit.reset_s)),
    }
