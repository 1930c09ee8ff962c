"""What a pupil read aloud: every word of a recording, those too that a first decode loses (RS-081..084)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from serve_app.backends import Backends
from serve_app.core.audio.pcm import Pcm16
from serve_app.engines import ASR, EngineCard, Hints, Word
from serve_app.flows.reading.recovery import Recovery
from serve_app.flows.transcription.excerpts import spoken_excerpts, transcribe_excerpts
from serve_app.flows.transcription.voice_activity import voice_activity
from serve_app.stores import JsonObject

LANGUAGE = "th"
"""RS-004."""
TYPHOON = "typhoon"
"""The one engine whose lost words are looked for (RS-084)."""


@dataclass(frozen=True, slots=True)
class ReadingTranscript:
    """All that was said in a recording."""

    words: tuple[Word, ...]
    """In order; times in seconds from the start of the recording."""
    meta: JsonObject
    """`student.meta` of RS-083, without the model."""
    no_speech: bool
    """RS-081, RS-082."""
    card: EngineCard | None
    """Who heard it (ASR-002); None where nobody had to listen."""


async def read_aloud(
    backends: Backends, engine: str, samples: Pcm16, reference: Sequence[str]
) -> ReadingTranscript:
    """Transcribe a recording, 16 kHz mono. `reference` are the tokens that are expected: the recogniser leans
    towards them if it can; without any, nothing is decoded again.

    The same recording gives the same words. Raises EngineUnavailable when no recogniser answers and
    DecodeFailed when it fails.
    """
    recognizer = await backends.models.find(ASR, engine)
    activity = await voice_activity(samples, backends.new_detector())
    hints = Hints(LANGUAGE, expected=tuple(reference))
    excerpts = await asyncio.to_thread(spoken_excerpts, samples, activity.probabilities)
    first = await transcribe_excerpts(recognizer, excerpts, hints)
    words: Sequence[Word] = [word for told in first for word in told.words]
    no_speech = activity.no_speech(len(words))
    meta = {**activity.meta, "noSpeechDetected": True} if no_speech else activity.meta
    if engine == TYPHOON and activity.detected:
        recovery = Recovery(recognizer, samples, activity, hints)
        words, recovered = await recovery.better(words)
        meta = {**meta, **recovered}
    return ReadingTranscript(tuple(words), meta, no_speech, next((told.card for told in first), None))
