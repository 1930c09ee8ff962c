"""Chats on their way out: one JSON text, or server-sent events (LLM-006)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from serve_app.engines import ChatPart
from serve_app.errors import KaleidoError
from serve_app.http.error_forms import openai_body
from serve_app.http.streaming import LiveAnswer, unless_gone

Parts = AsyncGenerator[ChatPart, None]

STUCK_S = 60.0
"""A client that takes no byte for this long gives its place in the engine up."""


async def whole(request: Request, parts: Parts) -> Response:
    """The `chat.completion`; leaving stops the work."""

    async def joined() -> str:
        async with aclosing(parts):
            return "".join([text async for part in parts for text in part.chunks])

    return Response(await unless_gone(request, joined()), media_type="application/json")


async def streamed(request: Request, parts: Parts) -> LiveAnswer:
    """Begins when the first part is there, so that what fails until then still has its own status."""
    first = await unless_gone(request, anext(parts))
    return EventStream(first, parts)


class EventStream(LiveAnswer):
    """Server-sent events; ends, with all behind it, when the client leaves or takes nothing any more."""

    def __init__(self, first: ChatPart, later: Parts) -> None:
        super().__init__(_events(first, later), "text/event-stream")
        self._later = later

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def patient(message: Message) -> None:
            try:
                async with asyncio.timeout(STUCK_S):
                    await send(message)
            except TimeoutError:
                raise ClientDisconnect from None

        # Closed here too: a generator around it that never began would not close it.
        async with aclosing(self._later):
            await super().__call__(scope, receive, patient)


async def _events(part: ChatPart | None, later: Parts) -> AsyncGenerator[bytes, None]:
    """Chunks that came together leave in one write, as the engine wrote them."""
    try:
        while part:
            if part.chunks:
                yield "".join([f"data: {chunk}\n\n" for chunk in part.chunks]).encode()
            part = await anext(later, None)
        yield b"data: [DONE]\n\n"
    except KaleidoError as error:
        yield f"event: error\ndata: {json.dumps(openai_body(error), ensure_ascii=False)}\n\n".encode()
