"""What is said in a voice to clone, heard by a recogniser that lives (TTS-017)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import soxr

from serve_app.backends import Backends
from serve_app.core.text.thai import caption_line
from serve_app.engines import ASR, SAMPLE_RATE, EngineCard, Hints, Reference
from serve_app.errors import KaleidoError

PATIENCE_S = 20.0
"""A caller waits for this. 30 s of speech take a recogniser a few seconds, behind other files some more."""


async def transcribe_reference(backends: Backends, reference: Reference, language: str) -> str:
    """The words; none when no recogniser for the language lives, or it fails or takes too long."""
    engine = _specialist(await backends.cards.of(ASR), language)
    if engine is None:
        return ""
    audio = await asyncio.to_thread(soxr.resample, reference.samples, reference.sample_rate, SAMPLE_RATE)
    try:
        async with asyncio.timeout(PATIENCE_S):
            recognizer = await backends.models.find(ASR, engine)
            heard = await recognizer.transcribe(audio, final=True, hints=Hints(language), live=False)
    except (KaleidoError, TimeoutError):
        return ""  # most engines clone without the text too, only less well
    return caption_line(heard.words)


def _specialist(cards: Mapping[str, EngineCard], language: str) -> str | None:
    """The recogniser that knows the language and the fewest others; one that names none knows all."""
    known = {
        name: card.languages for name, card in cards.items() if language in (card.languages or [language])
    }
    return min(known, key=lambda name: (not known[name], len(known[name]), name), default=None)
