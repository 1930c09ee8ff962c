"""What a model must do: one Protocol per task, and the small frozen types they exchange.

Flows and routers see these Protocols only. Behind them stands a Ray handle (`deployments.handles`) or an
in-process replica (`deployments.local`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Audio = NDArray[np.float32]
"""Mono samples in [-1, 1], shape (samples,)."""

SAMPLE_RATE = 16_000
"""Hz. Every recogniser and detector works at this rate; callers' audio is resampled on entry (ASR-051)."""


@dataclass(frozen=True, slots=True)
class EngineCard:
    """What really runs behind a public engine name (ASR-002)."""

    engine: str
    """Public name, for example `typhoon`."""
    impl: str
    """Name of the engine that answers, for example `kaleido-embedded-thai-ctc`."""
    embedded: bool
    """True for the stand-in that runs on a CPU with nothing to download."""
    note: str = ""
    """Plain limits of the engine, shown in `/health`."""


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word."""

    text: str
    start: float
    """Seconds from the start of the audio that was decoded."""
    end: float
    confidence: float
    """0..1."""


@dataclass(frozen=True, slots=True)
class Transcription:
    """What a recogniser heard in one piece of audio."""

    words: tuple[Word, ...]
    decode_ms: float
    """Time inside the engine, without waiting."""


@dataclass(frozen=True, slots=True)
class Speech:
    """Synthesised speech."""

    samples: Audio
    sample_rate: int
    """Hz."""


class SpeechRecognizer(Protocol):
    """Speech to words. Stateless, so any replica may serve any stream."""

    async def transcribe(self, audio: Audio, *, final: bool) -> Transcription:
        """Recognise 16 kHz audio, up to 60 s.

        `final` says that the audio is complete, so that it goes ahead of partial decodes and no word is left
        unfinished. Raises EngineUnavailable when no replica answers and DecodeFailed when the engine fails.
        """
        ...

    async def card(self) -> EngineCard:
        """Say what really runs. Raises EngineUnavailable."""
        ...


class SpeechSynthesizer(Protocol):
    """Text to speech."""

    async def synthesize(self, text: str, *, language: str, voice: str) -> Speech:
        """Speak a text. Raises InvalidRequest for a text, language or voice the engine cannot speak."""
        ...

    async def card(self) -> EngineCard:
        """Say what really runs. Raises EngineUnavailable."""
        ...


class VoiceActivityDetector(Protocol):
    """A streaming detector, one per stream, in the process that owns the stream (design decision 7)."""

    def speech_probability(self, frame: Audio) -> float:
        """Probability of voice in one frame of exactly 512 samples (32 ms)."""
        ...

    def reset(self) -> None:
        """Forget the stream so far."""
        ...
