"""Speech on its way out: bytes of a file, or server-sent events (OAI-008)."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing

from serve_app.engines import Speech
from serve_app.errors import KaleidoError
from serve_app.http.error_forms import openai_body
from serve_app.media.audio_encoder import SpeechEncoder, SpeechFormat

Bytes = AsyncGenerator[bytes, None]


async def encoded(speeches: AsyncGenerator[Speech, None], speech_format: SpeechFormat) -> Bytes:
    """A file, part by part; the first part comes with the first speech."""
    encoder = await asyncio.to_thread(SpeechEncoder, speech_format)
    async with aclosing(speeches):
        async for speech in speeches:
            yield await asyncio.to_thread(encoder.feed, speech)
    yield await asyncio.to_thread(encoder.finish)


async def following(first: bytes, later: Bytes) -> Bytes:
    """All parts, of which the first is there already. A failure later on cuts the connection."""
    async with aclosing(later):
        yield first
        async for part in later:
            yield part


async def events(parts: Bytes) -> Bytes:
    """The parts as OpenAI's events; a failure on the way is an `error` event and the end."""
    async with aclosing(parts):
        try:
            async for part in parts:
                yield _event("speech.audio.delta", audio=base64.b64encode(part).decode())
            yield _event("speech.audio.done")
        except KaleidoError as error:
            yield _event("error", **openai_body(error))


def _event(kind: str, **content: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **content}, ensure_ascii=False)}\n\n".encode()
