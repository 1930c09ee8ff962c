"""What a client of the Thai caption stream may say (contracts, section 4)."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from serve_app.core.validation import RULE, problem_text
from serve_app.errors import InvalidMessage, InvalidRequest
from serve_app.flows.captions.config import StreamConfig
from serve_app.http.json_body import JsonBody

DEFAULTS = StreamConfig()


class SessionConfig(JsonBody):
    """What a caller may choose, at session creation and again at `start` (ASR-010..018)."""

    model_config = ConfigDict(strict=True, frozen=True)

    sample_rate: int = Field(default=DEFAULTS.sample_rate, ge=8000, le=48000)
    """Hz of the audio that will be sent."""
    frame_ms: int = Field(default=20, ge=10, le=200)
    """The client's frame length; frames of any length are taken."""
    partial_interval_ms: int = Field(default=DEFAULTS.partial_interval_ms, ge=20, le=1000)
    """How often the service tries to emit a new partial."""
    min_decode_audio_ms: int = Field(default=DEFAULTS.min_decode_audio_ms, ge=100, le=5000)
    """Audio buffered before the first partial."""
    decode_window_ms: int = Field(default=DEFAULTS.decode_window_ms, ge=200, le=15000)
    """Rolling window of partials; it grows while words in it are still open."""
    vad: bool = DEFAULTS.vad
    """Detect voice: emit `speech_start`, decode no silence."""
    benchmark_label: str | None = Field(default=None, max_length=200)
    """The caller's own, echoed."""
    endpointing: bool = False
    """End utterances at silences, besides `end`; needs `vad`."""

    @model_validator(mode="after")
    def _endpointing_needs_vad(self) -> Self:
        if self.endpointing and not self.vad:
            raise PydanticCustomError(RULE, "endpointing needs vad")
        return self

    def stream(self, endpoint_silence_ms: int) -> StreamConfig:
        """The part that the transcript works by."""
        return StreamConfig(
            sample_rate=self.sample_rate,
            partial_interval_ms=self.partial_interval_ms,
            min_decode_audio_ms=self.min_decode_audio_ms,
            decode_window_ms=self.decode_window_ms,
            vad=self.vad,
            endpoint_silence_ms=endpoint_silence_ms if self.endpointing else None,
        )


class Start(SessionConfig):
    """Configures the stream; its values override the session's (ASR-030, ASR-036)."""

    type: Literal["start"]

    def over(self, session: SessionConfig) -> SessionConfig:
        """The effective config. Raises InvalidRequest."""
        chosen = self.model_dump(exclude_unset=True, exclude={"type"})
        try:
            return SessionConfig.model_validate({**session.model_dump(), **chosen})
        except ValidationError as invalid:
            raise InvalidRequest(_field_problems(invalid.errors())) from None


class Audio(JsonBody):
    """PCM16LE in base64 (ASR-032)."""

    type: Literal["audio"]
    audio_b64: str

    def frame(self) -> bytes:
        """The bytes. Raises InvalidMessage."""
        try:
            return base64.b64decode(self.audio_b64, validate=True)
        except (binascii.Error, ValueError):
            raise InvalidMessage("audio_b64: not valid base64") from None


class Command(JsonBody):
    """ASR-033..035."""

    type: Literal["flush", "end", "end_utterance", "reset"]


Message = Annotated[Start | Audio | Command, Field(discriminator="type")]
_MESSAGE: TypeAdapter[Start | Audio | Command] = TypeAdapter(Message)


def parse(text: str) -> Start | Audio | Command:
    """A client's message. Raises InvalidMessage, and InvalidRequest for a value of `start` (ASR-037)."""
    try:
        return _MESSAGE.validate_json(text)
    except ValidationError as invalid:
        errors = invalid.errors()
        wrong_value = errors[0]["loc"][:1] == ("start",)
        raise (InvalidRequest if wrong_value else InvalidMessage)(_field_problems(errors)) from None


def _field_problems(errors: list[Any]) -> str:
    """Names the field and what is wrong with it."""
    place = errors[0]["loc"]
    return f"{place[-1] if place else 'message'}: {problem_text(errors[0])}"[:300]
