"""One replica of a speech recogniser: batches windows of many streams into single engine calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from deployments.serving.batching import Batcher
from deployments.serving.engine_replica import EngineReplica
from serve_app.engines import NO_HINTS, SAMPLE_RATE, Audio, EngineCard, Hints, Transcription
from serve_app.errors import DecodeFailed

Pcm16 = NDArray[np.int16]
FULL_SCALE = 32768.0
MAX_BATCH_ITEMS = 16
"""Past 16 the gain of batching flattens, while the first caller waits for the whole batch."""
MAX_BATCH_SECONDS = 60.0
"""Memory grows with the audio in a batch; this is the longest single request."""


FINAL, OPENING, PARTIAL, FILE = LANES = range(4)
"""Lanes, most urgent first: somebody waits for a final, looks at an empty line, or sees words already; a file
is patient."""
OPENING_SECONDS = 0.7
"""Partials of less audio are the first of their utterance, and quick to decode: it begins with 0.3 s of
padding and the 0.24 s of speech that a first partial wants."""


class Window(NamedTuple):
    """One request to an engine."""

    audio: Audio
    """16 kHz."""
    final: bool = True
    """Whether the audio is complete; if not it may end inside a word."""
    hints: Hints = NO_HINTS


class Recognizer(Protocol):
    """What an engine file offers; synchronous, called from one thread."""

    card: EngineCard

    def recognize(self, windows: Sequence[Window]) -> list[Transcription]:
        """What is said in each window. Raises InvalidRequest for a language it does not know."""
        ...

    def example(self) -> Audio:
        """A short window for the warm-up."""
        ...


class RecognizerReplica(EngineReplica[Window, Transcription]):
    """Implements `serve_app.engines.SpeechRecognizer` over one engine."""

    def __init__(
        self,
        engine: Recognizer,
        names: Sequence[str],
        *,
        max_batch_items: int = MAX_BATCH_ITEMS,
        max_batch_seconds: float = MAX_BATCH_SECONDS,
        stuck_after_s: float = 60.0,
    ) -> None:
        """`names` are the public engine names (ASR-002). A call longer than `stuck_after_s` hangs."""
        batcher: Batcher[Window, Transcription] = Batcher(
            engine.recognize,
            failure=DecodeFailed,
            max_items=max_batch_items,
            size=lambda window: len(window.audio) / SAMPLE_RATE,
            max_size=max_batch_seconds,
            lanes=len(LANES),
        )
        cards = [replace(engine.card, engine=name) for name in names]
        super().__init__(cards, "asr", batcher, stuck_after_s)
        # First calls are slow (memory arenas, dictionaries): no caller should pay for them.
        engine.recognize([Window(engine.example())])

    async def transcribe(
        self, audio: Audio | Pcm16, *, final: bool, hints: Hints = NO_HINTS, live: bool = True
    ) -> Transcription:
        """Words of 16 kHz audio, float32 or 16-bit; see `SpeechRecognizer`. Raises DecodeFailed."""
        window = Window(samples_of(audio), final, hints)
        heard, elapsed_ms = await self._batcher.submit(window, _lane(window) if live else FILE)
        return replace(heard, decode_ms=elapsed_ms, card=self._cards[0])


def faint_noise() -> Audio:
    """Two seconds to warm an engine up with."""
    return np.random.default_rng(0).normal(0, 0.01, 2 * SAMPLE_RATE).astype(np.float32)


def _lane(window: Window) -> int:
    """Of a live stream."""
    if window.final:
        return FINAL
    return OPENING if len(window.audio) < OPENING_SECONDS * SAMPLE_RATE else PARTIAL


def pcm16(audio: Audio) -> Pcm16:
    """16-bit samples: half the bytes of float32 between processes; callers' audio is 16-bit anyway."""
    return (np.clip(audio, -1.0, 1.0 - 1.0 / FULL_SCALE) * FULL_SCALE).round().astype(np.int16)


def samples_of(audio: Audio | Pcm16) -> Audio:
    """Float samples in [-1, 1]; undoes `pcm16`."""
    if audio.dtype == np.int16:
        return audio.astype(np.float32) / np.float32(FULL_SCALE)
    return audio.astype(np.float32, copy=False)
