"""One replica of a speech synthesiser: one inference at a time, since engines use one global generator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from deployments.batching import Batcher
from deployments.replica import EngineReplica
from serve_app.engines import EngineCard, Speech
from serve_app.errors import SynthesisFailed


class Synthesizer(Protocol):
    """What an engine file offers; synchronous, called from one thread."""

    card: EngineCard

    def synthesize(self, text: str, *, language: str, voice: str) -> Speech:
        """Speak a text. Raises InvalidRequest for what it cannot speak."""
        ...


class SynthesizerReplica(EngineReplica[tuple[str, str, str], Speech]):
    """Implements `serve_app.engines.SpeechSynthesizer` over one engine; more speech needs more replicas."""

    def __init__(self, engine: Synthesizer, name: str, *, stuck_after_s: float = 300.0) -> None:
        """`name` is the public engine name. One call longer than `stuck_after_s` is a hung engine."""
        self._engine = engine
        batcher: Batcher[tuple[str, str, str], Speech] = Batcher(self._speak, failure=SynthesisFailed)
        super().__init__(engine.card, "tts", name, batcher, stuck_after_s)

    async def synthesize(self, text: str, *, language: str, voice: str) -> Speech:
        """Speak a text. Raises InvalidRequest for what the engine cannot speak, SynthesisFailed else."""
        speech, _ = await self._batcher.submit((text, language, voice))
        return speech

    def _speak(self, items: Sequence[tuple[str, str, str]]) -> list[Speech]:
        return [
            self._engine.synthesize(text, language=language, voice=voice) for text, language, voice in items
        ]
