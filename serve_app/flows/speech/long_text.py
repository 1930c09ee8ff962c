"""A long text spoken piece by piece, each sent as soon as it is there (OAI-007)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from uuid import uuid4

from serve_app.backends import Backends
from serve_app.core.usage import SPEECH_SECONDS
from serve_app.engines import Progress, Speech, SpeechRequest
from serve_app.flows.speech.synthesis import synthesize


async def long_speech(
    backends: Backends, team: str, request: SpeechRequest, texts: Sequence[str]
) -> AsyncGenerator[Speech, None]:
    """The speech of each text, in one voice: model, reference and seed are the same (TTS-019).

    The next piece is spoken while the last one is on its way. Closing cancels what is being spoken; what was
    given out counts as usage (QUO-005). Raises what the synthesiser raises.
    """
    seconds = 0.0
    waiting = list(texts)
    speaking = asyncio.ensure_future(_speak(backends, request, waiting.pop(0)))
    try:
        while True:
            speech = await speaking
            seconds += len(speech.samples) / speech.sample_rate
            last = not waiting
            if not last:
                speaking = asyncio.ensure_future(_speak(backends, request, waiting.pop(0)))
            yield speech
            if last:
                return
    finally:
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)
        if seconds:
            counting = backends.limits.record_usage(team, SPEECH_SECONDS, seconds, job=str(uuid4()))
            await asyncio.shield(asyncio.ensure_future(counting))


async def _speak(backends: Backends, request: SpeechRequest, text: str) -> Speech:
    return await synthesize(backends.models, replace(request, text=text), _unheard)


def _unheard(progress: Progress) -> None:
    """Who waits for sound looks at no progress."""
