"""What a client of the Thai caption stream is told (contracts, section 4)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from serve_app.api.thai_asr.messages import SessionConfig
from serve_app.core.text.thai import Segment
from serve_app.engines import Word
from serve_app.flows.captions import events as captions
from serve_app.sockets.events import Event


class Identity(BaseModel):
    """What answers (ASR-001, ASR-002)."""

    language: Literal["th"] = "th"
    mode: str
    backend: str
    engine: str


class Tenant(BaseModel):
    """Whose key it is; the prefix only (KEY-002)."""

    team_id: str
    team_name: str
    key_prefix: str


class KeyLimits(BaseModel):
    """The key's policy and the team's use of it (QUO-001)."""

    requests_per_minute: int
    concurrent_sessions: int
    daily_audio_seconds: int | float
    today_audio_seconds_used: int | float


class Ready(Event, Identity):
    """ASR-040."""

    type: Literal["ready"] = "ready"
    sample_rate: int
    config: SessionConfig
    tenant: Tenant
    limits: KeyLimits


class Started(Event):
    """ASR-041."""

    type: Literal["started"] = "started"
    config: SessionConfig


class SpeechStart(Event):
    """ASR-042."""

    type: Literal["speech_start"] = "speech_start"
    offset_ms: int
    latency_ms: int


class Partial(Event):
    """ASR-043, ASR-044."""

    type: Literal["partial", "stabilized_partial"]
    text: str
    segments: list[Segment]
    words: list[Word]
    audio_ms: int
    latency_ms: int
    queue_ms: int
    decode_ms: int


class Final(Event):
    """JSON 3 (ASR-045)."""

    type: Literal["final"] = "final"
    engine: str
    backend: str
    text: str
    segments: list[Segment]
    words: list[Word]
    audio_ms: int
    latency_ms: int
    queue_ms: int
    decode_ms: int
    processing_time_ms: int
    audio_duration_ms: int
    reason: captions.EndReason


class ResetOk(Event):
    """ASR-047."""

    type: Literal["reset_ok"] = "reset_ok"


def event_of(told: captions.Event, session_id: str, identity: Identity) -> Event:
    """The wire form of what a transcript tells."""
    match told:
        case captions.SpeechStart(offset_ms, latency_ms):
            return SpeechStart(session_id=session_id, offset_ms=offset_ms, latency_ms=latency_ms)
        case captions.ResetDone():
            return ResetOk(session_id=session_id)
        case captions.Final():
            return Final(
                session_id=session_id,
                engine=identity.engine,
                backend=identity.backend,
                processing_time_ms=told.processing_ms,
                audio_duration_ms=told.audio_ms,
                reason=told.reason,
                **_caption(told),
            )
    stable = isinstance(told, captions.StabilizedPartial)
    kind: Literal["partial", "stabilized_partial"] = "stabilized_partial" if stable else "partial"
    return Partial(type=kind, session_id=session_id, **_caption(told))


def _caption(told: captions.Caption) -> dict[str, Any]:
    return {
        "text": told.text,
        "segments": told.segments,
        "words": told.words,
        "audio_ms": told.audio_ms,
        "latency_ms": told.timing.latency_ms,
        "queue_ms": told.timing.queue_ms,
        "decode_ms": told.timing.decode_ms,
    }
