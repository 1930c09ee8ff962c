"""What a caller may choose for a stream."""

from __future__ import annotations

from dataclasses import dataclass

from serve_app.engines import SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class StreamConfig:
    """The values of ASR-011..016, and two of our own."""

    sample_rate: int = SAMPLE_RATE
    """Hz of the audio that is fed."""
    partial_interval_ms: int = 40
    min_decode_audio_ms: int = 240
    decode_window_ms: int = 1600
    vad: bool = True
    """False: everything audible is speech, nothing is speculated."""
    endpoint_silence_ms: int | None = None
    """Trailing silence that ends an utterance by itself; None: only the caller ends it."""
    utterance_limit_s: int = 600
    """A longer utterance is ended as if the caller had: its partials repeat the whole text each time."""
