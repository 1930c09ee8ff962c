"""What really runs behind each public engine name, looked up now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from serve_app.clock import Clock
from serve_app.engines import EngineCard, Models, Task

FRESH_S = 2.0
"""Probes of a load balancer and readers of configurations share one look at the cluster."""
STALE_S = 3.0
"""Until then nobody waits for the next look, which takes 10 to 40 ms: where somebody asks every second nobody
ever does."""
PATIENCE_S = 1.0
"""A model that hangs does not make the front look dead."""


class EngineCards:
    """The engine cards of one process, never older than `STALE_S` seconds."""

    def __init__(self, models: Models, clock: Clock) -> None:
        self._models = models
        self._clock = clock
        self._cards: Sequence[EngineCard] = ()
        self._looked_at = float("-inf")
        self._looking: asyncio.Task[None] | None = None

    async def current(self) -> Sequence[EngineCard]:
        """The newest cards, after at most `PATIENCE_S` seconds."""
        age_s = self._clock.monotonic() - self._looked_at
        if age_s >= FRESH_S and self._looking is None:
            self._looking = asyncio.create_task(self._look())
        if age_s >= STALE_S and self._looking is not None:
            await asyncio.shield(self._looking)  # others wait for it too
        return self._cards

    async def of(self, task: Task[Any]) -> dict[str, EngineCard]:
        """The cards of the models of one task, by their public names."""
        return {card.engine: card for card in await self.current() if card.task == task.name}

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                self._cards = await self._models.cards()
        except TimeoutError:
            self._cards = ()
        finally:
            self._looked_at = self._clock.monotonic()
            self._looking = None
