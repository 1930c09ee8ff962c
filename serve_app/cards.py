"""What really runs behind each public engine name, looked up now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from serve_app.backends import Backends
from serve_app.engines import EngineCard

FRESH_S = 2.0
"""Probes of a load balancer and readers of configurations share one look at the cluster."""
PATIENCE_S = 1.0
"""A model that hangs does not make the front look dead."""


class Cards:
    """The engine cards of one app, looked up at most every `FRESH_S` seconds."""

    def __init__(self, backends: Backends) -> None:
        self._backends = backends
        self._cards: Sequence[EngineCard] = ()
        self._stale_at = float("-inf")
        self._looking = asyncio.Lock()

    async def latest(self) -> Sequence[EngineCard]:
        """The newest cards, after at most `PATIENCE_S` seconds."""
        async with self._looking:
            if self._backends.clock.monotonic() >= self._stale_at:
                self._cards = await self._look()
                self._stale_at = self._backends.clock.monotonic() + FRESH_S
            return self._cards

    async def recognizers(self) -> dict[str, EngineCard]:
        """The cards of the recognisers by their public names."""
        return {card.engine: card for card in await self.latest() if card.task == "asr"}

    async def _look(self) -> Sequence[EngineCard]:
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._backends.models.cards()
        except TimeoutError:
            return ()
