"""One replica of a speech recogniser: batches windows of many streams into single engine calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from deployments.batching import Batcher
from deployments.replica import EngineReplica
from serve_app.engines import SAMPLE_RATE, Audio, EngineCard, Transcription, Word
from serve_app.errors import DecodeFailed

Pcm16 = NDArray[np.int16]
FULL_SCALE = 32768.0
MAX_BATCH_ITEMS = 16
"""Past 16 the gain of batching flattens, while the first caller waits for the whole batch."""
MAX_BATCH_SECONDS = 60.0
"""Memory grows with the audio in a batch; this is the longest single request."""


class Recognizer(Protocol):
    """What an engine file offers; synchronous, called from one thread."""

    card: EngineCard

    def recognize(self, windows: Sequence[Audio], final: Sequence[bool]) -> list[tuple[Word, ...]]:
        """Words of each 16 kHz window; `final` marks audio that is complete."""
        ...

    def example(self) -> Audio:
        """A short window for the warm-up."""
        ...


class RecognizerReplica(EngineReplica[tuple[Audio, bool], tuple[Word, ...]]):
    """Implements `serve_app.engines.SpeechRecognizer` over one engine."""

    def __init__(
        self,
        engine: Recognizer,
        name: str,
        *,
        max_batch_items: int = MAX_BATCH_ITEMS,
        max_batch_seconds: float = MAX_BATCH_SECONDS,
        stuck_after_s: float = 60.0,
    ) -> None:
        """`name` is the public engine name (ASR-002). One engine call longer than `stuck_after_s` hangs."""
        self._engine = engine
        batcher: Batcher[tuple[Audio, bool], tuple[Word, ...]] = Batcher(
            self._recognize,
            failure=DecodeFailed,
            max_items=max_batch_items,
            size=lambda item: len(item[0]) / SAMPLE_RATE,
            max_size=max_batch_seconds,
        )
        super().__init__(engine.card, name, batcher, stuck_after_s)
        # First calls are slow (memory arenas, dictionaries): no caller should pay for them.
        self._recognize([(engine.example(), True)])

    async def transcribe(self, audio: Audio | Pcm16, *, final: bool) -> Transcription:
        """Words of 16 kHz audio, float32 or 16-bit. Finals go ahead of partials. Raises DecodeFailed."""
        samples = samples_of(audio)
        words, elapsed_ms = await self._batcher.submit((samples, final), urgent=final)
        return Transcription(words, elapsed_ms)

    def _recognize(self, items: Sequence[tuple[Audio, bool]]) -> list[tuple[Word, ...]]:
        windows, final = zip(*items, strict=True)
        return self._engine.recognize(windows, final)


def pcm16(audio: Audio) -> Pcm16:
    """16-bit samples: half the bytes of float32 between processes; callers' audio is 16-bit anyway."""
    return (np.clip(audio, -1.0, 1.0 - 1.0 / FULL_SCALE) * FULL_SCALE).round().astype(np.int16)


def samples_of(audio: Audio | Pcm16) -> Audio:
    """Float samples in [-1, 1]; undoes `pcm16`."""
    if audio.dtype == np.int16:
        return audio.astype(np.float32) / np.float32(FULL_SCALE)
    return audio.astype(np.float32, copy=False)
