"""Answers whose body is made while it is sent."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from serve_app.sockets.socket import first_to_end

UNBUFFERED = {"cache-control": "no-cache", "x-accel-buffering": "no"}
"""Proxies pass each part on at once."""


class LiveAnswer(StreamingResponse):
    """Ends, with all behind it, when the client leaves."""

    def __init__(self, parts: AsyncGenerator[bytes, None], media_type: str) -> None:
        super().__init__(parts, media_type=media_type, headers=UNBUFFERED)
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._parts):
            await first_to_end(self.stream_response(send), self.listen_for_disconnect(receive))
