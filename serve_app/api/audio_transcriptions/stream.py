"""A transcript as server-sent events, segment by segment (OAI-004)."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict

from fastapi import Request

from serve_app.core.text.subtitles import continuation
from serve_app.errors import KaleidoError
from serve_app.flows.transcription.file_transcription import FileTranscription
from serve_app.flows.transcription.segments import Segment
from serve_app.http.error_forms import openai_body
from serve_app.http.streaming import LiveAnswer, unless_gone


async def streamed(request: Request, recording: FileTranscription) -> LiveAnswer:
    """Begins when the first segment is known, so that what fails until then still has its own status."""
    segments = recording.segments()
    first = await unless_gone(request, anext(segments, None))
    return LiveAnswer(_events(first, segments, recording), "text/event-stream")


async def _events(
    segment: Segment | None, later: AsyncGenerator[Segment, None], recording: FileTranscription
) -> AsyncGenerator[bytes, None]:
    text, before = "", None
    async with aclosing(later):
        try:
            while segment:
                delta = continuation(before, segment.words)
                yield _event("transcript.text.delta", delta=delta)
                text, before = text + delta, segment.words[-1]
                segment = await anext(later, None)
            damage = {"damage": asdict(recording.damage)} if recording.damage else {}
            yield _event("transcript.text.done", text=text, **damage)
        except KaleidoError as error:
            yield _event("error", **openai_body(error))


def _event(kind: str, **content: object) -> bytes:
    body = json.dumps({"type": kind, **content}, ensure_ascii=False)
    return f"event: {kind}\ndata: {body}\n\n".encode()
