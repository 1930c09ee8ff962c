"""One replica of an aligner: one recording at a time, an alignment takes milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

from deployments.asr.replica import Pcm16, samples_of
from deployments.serving.batching import Batcher
from deployments.serving.engine_replica import EngineReplica
from serve_app.engines import AlignedWord, Alignment, Audio, EngineCard
from serve_app.errors import AlignmentFailed

Found = tuple[AlignedWord | None, ...]


class Passage(NamedTuple):
    """One request to an engine."""

    audio: Audio
    """16 kHz."""
    words: tuple[str, ...]


class AlignerEngine(Protocol):
    """What an engine file offers; synchronous, called from one thread."""

    card: EngineCard
    example: Passage
    """Aligned once before the first caller: first calls are slow."""

    def align(self, passage: Passage) -> Found:
        """One for each word: where it was said and how well; None for one that the engine cannot read."""
        ...


class AlignerReplica(EngineReplica[Passage, Found]):
    """Implements `serve_app.engines.Aligner` over one engine."""

    def __init__(self, engine: AlignerEngine, names: Sequence[str], *, stuck_after_s: float = 60.0) -> None:
        """`names` are the public aligner names. A call longer than `stuck_after_s` hangs."""
        batcher: Batcher[Passage, Found] = Batcher(
            lambda passages: [engine.align(passage) for passage in passages], failure=AlignmentFailed
        )
        cards = [replace(engine.card, engine=name) for name in names]
        super().__init__(cards, "align", batcher, stuck_after_s)
        engine.align(engine.example)

    async def align(self, audio: Audio | Pcm16, words: Sequence[str]) -> Alignment:
        """Words in 16 kHz audio, float32 or 16-bit; see `Aligner`. Raises AlignmentFailed."""
        found, elapsed_ms = await self._batcher.submit(Passage(samples_of(audio), tuple(words)))
        return Alignment(found, elapsed_ms)
