"""Waiting for a place in an engine, with an end, and an honest answer to whoever gets none (LLM-009)."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import monotonic

from serve_app.core.fair_queue import FairQueue
from serve_app.errors import Saturated

RECENT = 64
"""Stays that an advice when to come back is made from: two rounds of a large replica's places."""


class AdmissionQueue:
    """`FairQueue` for the tasks of one event loop."""

    def __init__(self, count: int, waiting: int, wait_s: float) -> None:
        """`count` at once; `waiting` more wait, each at most `wait_s`."""
        self._fair: FairQueue[asyncio.Future[None]] = FairQueue(count, waiting)
        self._count = count
        self._wait_s = wait_s
        self._stays: deque[float] = deque(maxlen=RECENT)

    @property
    def taken(self) -> int:
        """Places in use."""
        return self._fair.running

    @asynccontextmanager
    async def place(self, team: str) -> AsyncIterator[None]:
        """A place for as long as the block takes; who is cancelled frees place or seat at once.

        Raises Saturated when the queue is full, or does not move.
        """
        ticket = asyncio.get_running_loop().create_future()
        try:
            await self._turn(team, ticket)
            began = monotonic()
            try:
                yield
            finally:
                self._stays.append(monotonic() - began)
        finally:
            _wake(self._fair.leave(ticket))

    async def _turn(self, team: str, ticket: asyncio.Future[None]) -> None:
        _wake(self._fair.arrive(team, ticket))
        if not self._fair.has_place(ticket):
            with suppress(TimeoutError):
                async with asyncio.timeout(self._wait_s):
                    await ticket
        if not self._fair.has_place(ticket):
            raise self._saturated()

    def _saturated(self) -> Saturated:
        """Says when a place will be free behind all who wait, as far as the last stays tell."""
        refusal = Saturated()
        mean = sum(self._stays) / len(self._stays) if self._stays else 0.0
        refusal.retry_after_s = max(1, math.ceil((self._fair.waiting + 1) * mean / self._count))
        return refusal


def _wake(ticket: asyncio.Future[None] | None) -> None:
    """Whose turn it is, or who is refused, looks for itself. One who was just cancelled leaves by itself, and
    so passes its place on."""
    if ticket is not None and not ticket.done():
        ticket.set_result(None)
