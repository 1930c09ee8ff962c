"""Text to speech for OpenAI clients: `POST /v1/audio/speech`, by any synthesiser here (RT-51)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

from fastapi import Request, Response

from serve_app.api.audio_speech.answers import encoded, events, following
from serve_app.api.audio_speech.requests import SpeechBody, order_of
from serve_app.backends import Backends
from serve_app.core.speech.rules import LONGEST_TEXT
from serve_app.core.text.sentences import pieces
from serve_app.flows.speech.long_text import long_speech
from serve_app.flows.speech.submit import check_speaks
from serve_app.flows.speech.synthesis import request_of
from serve_app.flows.voices.references import resolve_reference
from serve_app.http.dependencies import BackendsDep, CallerDep
from serve_app.http.error_forms import OPENAI
from serve_app.http.streaming import LiveAnswer, unless_gone
from serve_app.http.surface import surface
from serve_app.media.audio_encoder import FORMATS

router = surface("/v1/audio", "audio-speech", OPENAI)


@router.post(
    "/speech",
    response_class=Response,
    responses={200: {"description": "The speech.", "content": {"audio/mpeg": {}, "text/event-stream": {}}}},
)
async def create_speech(
    request: Request, caller: CallerDep, backends: BackendsDep, body: SpeechBody
) -> Response:
    """Speak a text of up to 4096 characters. The answer begins with the first sentence, so that what fails
    until then has its own status; leaving stops the work."""
    parts = await _begin(backends, caller.team_id, body)
    first = await unless_gone(request, anext(parts))
    if body.stream_format == "sse":
        return LiveAnswer(events(following(first, parts)), "text/event-stream")
    return LiveAnswer(following(first, parts), FORMATS[body.response_format].media_type)


async def _begin(backends: Backends, team: str, body: SpeechBody) -> AsyncGenerator[bytes, None]:
    """Everything that can be checked is, before anything is spoken."""
    order = await order_of(backends, team, body)
    await check_speaks(backends, order.model, order.language, order.speaker)
    order = await resolve_reference(backends, team, order)
    spoken = replace(await request_of(backends, team, order), speed=body.speed)
    texts = await asyncio.to_thread(pieces, body.input, order.language, longest=LONGEST_TEXT)
    return encoded(long_speech(backends, team, spoken, texts), FORMATS[body.response_format])
