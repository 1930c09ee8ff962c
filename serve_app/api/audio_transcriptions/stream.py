"""A transcript as server-sent events, segment by segment (OAI-004)."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from serve_app.core.subtitles import continuation
from serve_app.edge import openai_body
from serve_app.errors import KaleidoError
from serve_app.flows.segments import Segment
from serve_app.flows.transcription import FileTranscription
from serve_app.socket import first_to_end
from serve_app.wire import unless_gone


class EventStream(StreamingResponse):
    """Server-sent events, which end, with all behind them, when the client leaves."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[str, None]) -> None:
        super().__init__(events, headers={"cache-control": "no-cache", "x-accel-buffering": "no"})
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._events):
            await first_to_end(self.stream_response(send), self.listen_for_disconnect(receive))


async def streamed(request: Request, recording: FileTranscription) -> EventStream:
    """Begins when the first segment is known, so that what fails until then still has its own status."""
    segments = recording.segments()
    first = await unless_gone(request, anext(segments, None))
    return EventStream(_events(first, segments))


async def _events(segment: Segment | None, later: AsyncGenerator[Segment, None]) -> AsyncGenerator[str, None]:
    text, before = "", None
    async with aclosing(later):
        try:
            while segment:
                delta = continuation(before, segment.words)
                yield _event("transcript.text.delta", delta=delta)
                text, before = text + delta, segment.words[-1]
                segment = await anext(later, None)
            yield _event("transcript.text.done", text=text)
        except KaleidoError as error:
            yield _event("error", **openai_body(error))


def _event(kind: str, **content: object) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **content}, ensure_ascii=False)}\n\n"
