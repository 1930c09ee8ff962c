"""What every replica of a model has around its engine: a card, a health check, a batcher to let go of."""

from __future__ import annotations

from dataclasses import replace
from typing import Generic

from deployments.batching import Batcher, Item, Result
from serve_app.engines import EngineCard


class EngineReplica(Generic[Item, Result]):
    """One engine behind one batcher; a task's replica adds its own verb."""

    def __init__(
        self, card: EngineCard, task: str, name: str, batcher: Batcher[Item, Result], stuck_after_s: float
    ) -> None:
        """`name` is the public engine name (ASR-002). A call longer than `stuck_after_s` is a hung engine."""
        self._card = replace(card, engine=name, task=task)
        self._batcher = batcher
        self._stuck_after_s = stuck_after_s

    async def card(self) -> EngineCard:
        """What really runs."""
        return self._card

    def check_health(self) -> None:
        """Raise when the engine hangs, so that the replica is replaced."""
        if self._batcher.busy_s > self._stuck_after_s:
            raise RuntimeError(f"{self._card.impl} has been in one call for {self._batcher.busy_s:.0f} s")

    def close(self) -> None:
        """Let go of the engine thread."""
        self._batcher.close()
