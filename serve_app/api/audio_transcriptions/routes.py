"""Recordings to text for OpenAI clients: `POST /v1/audio/transcriptions`, by any recogniser here (RT-48)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Request, Response, UploadFile
from pydantic import BeforeValidator

from serve_app.api.audio_transcriptions.answers import (
    Format,
    Granularity,
    JsonTranscript,
    VerboseTranscript,
    written,
)
from serve_app.api.audio_transcriptions.stream import streamed
from serve_app.backends import Backends
from serve_app.core.speech.openai_names import TRANSCRIBER
from serve_app.core.text.languages import language_code
from serve_app.engines import ASR, EngineCard, Hints
from serve_app.errors import EngineUnavailable, InvalidRequest, ModelNotFound
from serve_app.flows.transcription.file_transcription import transcription_for
from serve_app.http.dependencies import BackendsDep, CallerDep
from serve_app.http.error_forms import OPENAI
from serve_app.http.forms import listed
from serve_app.http.streaming import unless_gone
from serve_app.http.surface import surface

PROMPT_END = 2000
"""Characters of a prompt that are passed on: Whisper reads its last 224 tokens, and no longer than this."""

router = surface("/v1/audio", "audio-transcriptions", OPENAI)


@router.post("/transcriptions", response_model=VerboseTranscript | JsonTranscript)
async def create_transcription(
    request: Request,
    caller: CallerDep,
    backends: BackendsDep,
    file: UploadFile,
    model: Annotated[str, Form()],
    language: Annotated[str, Form()] = "",
    prompt: Annotated[str, Form()] = "",
    temperature: Annotated[float, Form(ge=0, le=1, allow_inf_nan=False)] = 0.0,
    response_format: Annotated[Format, Form()] = "json",
    timestamp_granularities: Annotated[list[Granularity] | None, BeforeValidator(listed), Form()] = None,
    stream: Annotated[bool, Form()] = False,
) -> Response:
    """Transcribe a file. `include[]` and `chunking_strategy` change nothing: there are no log probabilities
    of tokens, and speech is always cut at its pauses."""
    if not file.size:
        raise InvalidRequest("file: It is empty.")
    if timestamp_granularities and response_format != "verbose_json":
        raise InvalidRequest("timestamp_granularities: They need response_format verbose_json.")
    if stream and response_format not in ("json", "text"):
        raise InvalidRequest("response_format: A stream has json or text.")
    card = await _card(backends, model)
    hints = Hints(language_code(language) or None, prompt[-PROMPT_END:], temperature)
    recording = await transcription_for(caller, backends, card, file.file, hints)
    if stream:
        return await streamed(request, recording)
    transcript = await unless_gone(request, recording.transcript())
    return await written(transcript, response_format, timestamp_granularities or ["segment"])


async def _card(backends: Backends, model: str) -> EngineCard:
    """Raises ModelNotFound, and EngineUnavailable for the engine that the settings promise."""
    promised = backends.settings.transcribe_engine
    cards = await backends.cards.of(ASR)
    engine = promised if model == TRANSCRIBER else model
    if engine in cards:
        return cards[engine]
    if engine == promised:
        raise EngineUnavailable
    raise ModelNotFound(f"There is no model {model[:100]!r}; there are: {', '.join(sorted(cards))}.")
