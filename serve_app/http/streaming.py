"""Answers whose callers may leave while they are made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from serve_app.concurrency import first_to_end

Result = TypeVar("Result")
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


async def unless_gone(request: Request, work: Awaitable[Result]) -> Result:
    """The result of the work, which is cancelled when the client leaves; the body must have been read.

    Raises ClientDisconnect.
    """

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        raise ClientDisconnect

    running: asyncio.Future[Any] = asyncio.ensure_future(work)
    await first_to_end(running, gone())
    result: Result = running.result()
    return result
