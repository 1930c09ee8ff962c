"""One replica of a speech synthesiser: one inference at a time, since engines use one global generator."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from typing import Protocol

from deployments.batching import Batcher
from deployments.replica import EngineReplica
from serve_app.engines import EngineCard, Progress, Speech, SpeechRequest
from serve_app.errors import Cancelled, SynthesisFailed

Report = Callable[[Progress], None]
"""How an engine tells how far it is. It raises Cancelled when nobody waits any more: the engine lets that
pass, and its next call is as good as any."""


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


class SynthesizerReplica(EngineReplica["_Turn", Speech]):
    """Implements `serve_app.engines.SpeechSynthesizer` over one engine; more speech needs more replicas."""

    def __init__(self, engine: Synthesizer, names: Sequence[str], *, stuck_after_s: float = 300.0) -> None:
        """`names` are the public model names. One call longer than `stuck_after_s` is a hung engine."""
        self._engine = engine
        batcher: Batcher[_Turn, Speech] = Batcher(self._speak, failure=SynthesisFailed)
        cards = [replace(engine.card, engine=name, speakers=engine.speakers(name)) for name in names]
        super().__init__(cards, "tts", batcher, stuck_after_s)
        engine.synthesize(engine.example, lambda progress: None)

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[Progress | Speech, None]:
        """Progress, then the speech; closing the iterator cancels. Raises InvalidRequest for what the engine
        cannot speak, SynthesisFailed else."""
        turn = _Turn(request)
        speaking = asyncio.ensure_future(self._batcher.submit(turn))
        speaking.add_done_callback(turn.ended)
        try:
            while (progress := await turn.news.get()) is not None:
                yield progress
            speech, elapsed_ms = await speaking
            yield replace(speech, synthesis_ms=elapsed_ms, card=self._card_of(request.model))
        finally:
            turn.cancelled.set()
            speaking.cancel()

    def _card_of(self, name: str) -> EngineCard:
        return next((card for card in self._cards if card.engine == name), self._cards[0])

    def _speak(self, turns: Sequence[_Turn]) -> list[Speech]:
        return [self._engine.synthesize(turn.request, turn.report) for turn in turns]


class _Turn:
    """One request on its way through the engine's thread."""

    def __init__(self, request: SpeechRequest) -> None:
        self.request = request
        self.cancelled = threading.Event()
        self.news: asyncio.Queue[Progress | None] = asyncio.Queue()
        """None when the engine is done with it."""
        self._loop = asyncio.get_running_loop()

    def report(self, progress: Progress) -> None:
        """Called by the engine, in its thread."""
        if self.cancelled.is_set():
            raise Cancelled
        self._loop.call_soon_threadsafe(self.news.put_nowait, progress)

    def ended(self, speaking: asyncio.Future[tuple[Speech, float]]) -> None:
        """Ends the news; looks at the outcome too, which nobody else does once the caller has gone."""
        if not speaking.cancelled():
            speaking.exception()
        self.news.put_nowait(None)
