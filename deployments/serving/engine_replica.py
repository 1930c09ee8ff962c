"""What every replica of a model has around its engine: its cards, a health check, a batcher to let go of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import time
from typing import Generic

from deployments.serving.batching import Batcher, Item, Result
from serve_app.engines import EngineCard


class EngineReplica(Generic[Item, Result]):
    """One engine behind one batcher; a task's replica adds its own verb."""

    def __init__(
        self,
        cards: Sequence[EngineCard],
        task: str,
        batcher: Batcher[Item, Result],
        stuck_after_s: float,
    ) -> None:
        """`cards`: one for each public name it answers for (ASR-002); small CPU engines stand in for several.
        A call longer than `stuck_after_s` is a hung engine."""
        self._cards = tuple(replace(card, task=task, loaded_at=int(time())) for card in cards)
        self._batcher = batcher
        self._stuck_after_s = stuck_after_s

    async def start(self) -> None:
        """Nothing: the engine is loaded and warm when this is built."""

    async def cards(self) -> tuple[EngineCard, ...]:
        """What really runs, once for each public name."""
        return self._cards

    def check_health(self) -> None:
        """Raise when the engine hangs, so that the replica is replaced."""
        if self._batcher.busy_s > self._stuck_after_s:
            impl = self._cards[0].impl
            raise RuntimeError(f"{impl} has been in one call for {self._batcher.busy_s:.0f} s")

    def close(self) -> None:
        """Let go of the engine thread."""
        self._batcher.close()

    def _card_of(self, name: str) -> EngineCard:
        return next((card for card in self._cards if card.engine == name), self._cards[0])
