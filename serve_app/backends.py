"""The one object a router may ask for: models, store, files, keys, limits, settings and the clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from serve_app.auth import KeyRing
from serve_app.clock import Clock
from serve_app.engines import (
    Aligner,
    ChatModel,
    EngineCard,
    SpeechRecognizer,
    SpeechSynthesizer,
    VideoGenerator,
    VoiceActivityDetector,
)
from serve_app.fetch import Fetcher
from serve_app.limits import Limits
from serve_app.settings import Settings
from serve_app.stores import Files, Store


class Models(Protocol):
    """Finds the models that live on the cluster, by public name."""

    async def recognizer(self, engine: str) -> SpeechRecognizer:
        """The recogniser with this public engine name. Raises EngineUnavailable."""
        ...

    async def synthesizer(self, engine: str) -> SpeechSynthesizer:
        """The synthesiser with this public engine name. Raises EngineUnavailable."""
        ...

    async def aligner(self, engine: str) -> Aligner:
        """The aligner with this public name. Raises EngineUnavailable."""
        ...

    async def chat_model(self, name: str) -> ChatModel:
        """The language model with this public id. Raises EngineUnavailable."""
        ...

    async def video_generator(self, name: str) -> VideoGenerator:
        """The video model with this public name. Raises EngineUnavailable."""
        ...

    async def cards(self) -> Sequence[EngineCard]:
        """What really runs behind each public name now; a model that does not answer is left out."""
        ...


@dataclass(frozen=True, slots=True)
class Backends:
    """Everything the API stands on; built once per process by whoever hosts the app."""

    settings: Settings
    store: Store
    files: Files
    fetch: Fetcher
    models: Models
    keys: KeyRing
    limits: Limits
    clock: Clock
    new_detector: Callable[[], VoiceActivityDetector]
    """A fresh voice activity detector for one stream."""

    async def close(self) -> None:
        """Give up connections and threads."""
        await self.fetch.close()
        await self.store.close()
