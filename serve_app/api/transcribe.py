"""A recording to text, in one answer (RT-19)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Form, Request, UploadFile
from pydantic import BaseModel, ConfigDict

from serve_app.auth import Caller
from serve_app.backends import Backends
from serve_app.core.audio.losses import Damage
from serve_app.core.text.languages import language_code
from serve_app.engines import ASR, EngineCard, Hints
from serve_app.errors import EngineUnavailable, InvalidRequest
from serve_app.flows.transcription.file_transcription import transcription_for
from serve_app.http.dependencies import BackendsDep, caller_for
from serve_app.http.streaming import unless_gone
from serve_app.http.surface import surface

TAG = "transcribe"

router = surface("", TAG)


class SegmentView(BaseModel):
    """What fits one subtitle; times in seconds, numbers as in Whisper (VP-002)."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    start: float
    end: float
    text: str
    tokens: tuple[int, ...]
    avg_logprob: float
    no_speech_prob: float


class TranscriptView(BaseModel):
    """JSON 22."""

    filename: str
    text: str
    segments: list[SegmentView]
    duration: float
    """Seconds, as of `processing_time`."""
    processing_time: float
    language: str | None
    """Given or found; null when nothing was said and nothing given."""
    engine: str
    engine_impl: str
    """The engine that really answered (ASR-002)."""
    damage: Damage | None
    """Null where all of the recording was decoded (VP-006)."""


@router.post("/transcribe")
async def transcribe(
    request: Request,
    caller: Annotated[Caller, Depends(caller_for(TAG))],
    backends: BackendsDep,
    file: UploadFile,
    language: Annotated[str, Form()] = "",
) -> TranscriptView:
    """Transcribe a wav, mp3, flac, ogg, m4a or webm file; without a language it is found out (VP-001)."""
    started = backends.clock.monotonic()
    if not file.size:
        raise InvalidRequest("file: It is empty.")
    card = await _card(backends, backends.settings.transcribe_engine)
    hints = Hints(language_code(language) or None)
    recording = await transcription_for(caller, backends, card, file.file, hints)
    transcript = await unless_gone(request, recording.transcript())
    return TranscriptView(
        filename=file.filename or "",
        text=transcript.text,
        segments=[SegmentView.model_validate(segment) for segment in transcript.segments],
        duration=round(transcript.duration, 3),
        processing_time=round(backends.clock.monotonic() - started, 3),
        language=transcript.language,
        engine=card.engine,
        engine_impl=card.impl,
        damage=transcript.damage,
    )


async def _card(backends: Backends, engine: str) -> EngineCard:
    card = (await backends.cards.of(ASR)).get(engine)
    if card is None:
        raise EngineUnavailable
    return card
