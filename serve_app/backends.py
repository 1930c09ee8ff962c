"""The one object a router may ask for: models, store, files, keys, limits, settings and the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from serve_app.auth import KeyRing
from serve_app.clock import Clock
from serve_app.engine_cards import EngineCards
from serve_app.engines import Models, VoiceActivityDetector
from serve_app.limits import Limits
from serve_app.outbound.fetch import Fetcher
from serve_app.settings import Settings
from serve_app.stores import Files, Store


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
    cards: EngineCards = field(init=False)
    """What really runs behind the public names of `models`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "cards", EngineCards(self.models, self.clock))  # the class is frozen

    async def close(self) -> None:
        """Give up connections and threads."""
        await self.fetch.close()
        await self.store.close()
