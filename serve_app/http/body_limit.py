"""No body may fill the memory or the disk."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.datastructures import Headers, MutableHeaders
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve_app.backends import Backends
from serve_app.errors import TooLarge
from serve_app.http.error_responses import error_response

JSON_BYTES = 1024 * 1024
"""Far above any JSON of the API, except where a route declares more (`GuardedRoute.body_bytes`). Multipart
uploads are spooled to disk: `Settings.max_upload_bytes`."""
LINGER_S = 5.0
"""Most clients send all of a body before they read the answer, and a connection that is cut under them is all
they see then. This long what still arrives is thrown away, then it is cut (as nginx's lingering_timeout)."""


class BodyLimit:
    """Refuses a body over its limit with 413, announced or streamed, and reads no more of it (ERR-012)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = _limit(scope)
        body = _Body(limit, receive, send)
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced[:20]) > limit:  # int() refuses thousands of digits
            body.refused = True
            await error_response(TooLarge(), scope)(scope, body.receive, body.send)
        else:
            await self.app(scope, body.receive, body.send)


class _Body:
    """A body on its way in, and the answer to it."""

    def __init__(self, limit: int, receive: Receive, send: Send) -> None:
        self._left = limit
        self._receive, self._send = receive, send
        self._more = True
        self.refused = False

    async def receive(self) -> Message:
        """The next part. Raises TooLarge past the limit."""
        message = await self._receive()
        self._more = message.get("more_body", False)
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.refused = True
            raise TooLarge
        return message

    async def send(self, message: Message) -> None:
        """Answer. A refusal is whole at once, and ends the connection: what follows on it is no request."""
        if self.refused and message["type"] == "http.response.start":
            MutableHeaders(scope=message)["connection"] = "close"
        if self.refused and message["type"] == "http.response.body":
            await self._send({**message, "more_body": True})  # the server hangs up after the last part
            await self._linger()
            message = {"type": "http.response.body", "body": b""}
        await self._send(message)

    async def _linger(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                while self._more:
                    self._more = (await self._receive()).get("more_body", False)


def _limit(scope: Scope) -> int:
    content_type = Headers(scope=scope).get("content-type", "")
    if not content_type.lower().startswith("multipart/form-data"):
        return _declared(scope)
    backends: Backends = scope["app"].state.backends
    return backends.settings.max_upload_bytes


def _declared(scope: Scope) -> int:
    """What the route of a request takes. Only the few with a limit of their own are looked at."""
    larger = [route for route in scope["app"].routes if getattr(route, "body_bytes", 0) > JSON_BYTES]
    matching = (route.body_bytes for route in larger if route.matches(scope)[0] is Match.FULL)
    return next(matching, JSON_BYTES)
