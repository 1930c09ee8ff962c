"""No body may fill the memory."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve_app.errors import TooLarge

JSON_BYTES = 1024 * 1024
"""Far above any JSON of the API. Multipart uploads are spooled to disk and have limits of their own."""


class BodyLimit:
    """Refuses a body over the limit with 413, announced or streamed (ERR-012)."""

    def __init__(self, app: ASGIApp, limit: int = JSON_BYTES) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        if scope["type"] != "http" or headers.get("content-type", "").startswith("multipart/form-data"):
            await self.app(scope, receive, send)
            return
        announced = headers.get("content-length", "")
        if announced.isdecimal() and int(announced[:20]) > self.limit:  # int() refuses thousands of digits
            raise TooLarge
        await self.app(scope, self._counting(receive), send)

    def _counting(self, receive: Receive) -> Receive:
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.limit:
                raise TooLarge
            return message

        return counted
