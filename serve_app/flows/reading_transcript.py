"""What a pupil read aloud: every word of a recording, those too that a first decode loses (RS-081..084)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from serve_app.backends import Backends
from serve_app.core.pcm import Pcm16
from serve_app.engines import SpeechRecognizer, Word
from serve_app.flows.excerpts import heard, spoken_excerpts
from serve_app.flows.reading_recovery import Recovery
from serve_app.flows.voice_activity import VoiceActivity, voice_activity
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


async def read_aloud(
    backends: Backends, engine: str, samples: Pcm16, reference: Sequence[str]
) -> ReadingTranscript:
    """Transcribe a recording, 16 kHz mono. `reference` are the tokens that are expected; without any, nothing
    is decoded again.

    The same recording gives the same words. Raises EngineUnavailable when no recogniser answers and
    DecodeFailed when it fails.
    """
    recognizer = await backends.models.recognizer(engine)
    activity = await voice_activity(samples, backends.new_detector())
    words: Sequence[Word] = await _first_words(recognizer, samples, activity)
    no_speech = activity.no_speech(len(words))
    meta = {**activity.meta, "noSpeechDetected": True} if no_speech else activity.meta
    if engine == TYPHOON and activity.detected:
        recovery = Recovery(recognizer, samples, activity, reference, LANGUAGE)
        words, recovered = await recovery.better(words)
        meta = {**meta, **recovered}
    return ReadingTranscript(tuple(words), meta, no_speech)


async def _first_words(recognizer: SpeechRecognizer, samples: Pcm16, activity: VoiceActivity) -> list[Word]:
    excerpts = await asyncio.to_thread(spoken_excerpts, samples, activity.probabilities)
    return [word for words in await heard(recognizer, excerpts, LANGUAGE) for word in words]
