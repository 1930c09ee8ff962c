"""One replica of a speech synthesiser: one inference at a time, since engines use one global generator."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Protocol

from deployments.serving.batching import Batcher
from deployments.serving.engine_replica import EngineReplica
from deployments.serving.tracked_call import Report, TrackedCall
from serve_app.engines import EngineCard, Progress, Speech, SpeechRequest
from serve_app.errors import SynthesisFailed


class Synthesizer(Protocol):
    """What an engine file offers; synchronous, called from one thread."""

    card: EngineCard
    example: SpeechRequest
    """Spoken once before the first caller: first calls are slow."""

    def speakers(self, model: str) -> tuple[str, ...]:
        """Names of the built-in voices of a public model (TTS-014)."""
        ...

    def synthesize(self, request: SpeechRequest, report: Report) -> Speech:
        """Speak a text, reporting each step. Raises InvalidRequest for what it cannot speak."""
        ...


class SynthesizerReplica(EngineReplica[TrackedCall[SpeechRequest], Speech]):
    """Implements `serve_app.engines.SpeechSynthesizer` over one engine; more speech needs more replicas."""

    def __init__(self, engine: Synthesizer, names: Sequence[str], *, stuck_after_s: float = 300.0) -> None:
        """`names` are the public model names. One call longer than `stuck_after_s` is a hung engine."""
        self._engine = engine
        batcher: Batcher[TrackedCall[SpeechRequest], Speech] = Batcher(self._speak, failure=SynthesisFailed)
        cards = [replace(engine.card, engine=name, speakers=engine.speakers(name)) for name in names]
        super().__init__(cards, "tts", batcher, stuck_after_s)
        engine.synthesize(engine.example, lambda progress: None)

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[Progress | Speech, None]:
        """Progress, then the speech; closing the iterator cancels. Raises InvalidRequest for what the engine
        cannot speak, SynthesisFailed else."""
        async with aclosing(TrackedCall(request).taken(self._batcher)) as items:
            async for item in items:
                if isinstance(item, Progress):
                    yield item
                else:
                    yield replace(item[0], synthesis_ms=item[1], card=self._card_of(request.model))

    def _speak(self, turns: Sequence[TrackedCall[SpeechRequest]]) -> list[Speech]:
        return [self._engine.synthesize(turn.request, turn.report) for turn in turns]
