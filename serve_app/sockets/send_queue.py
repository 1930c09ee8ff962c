"""What waits to be sent to one client: bounded, in order, and without stale partials."""

from __future__ import annotations

import asyncio
from collections import deque

from serve_app.errors import SlowReader

MAX_KEPT = 256
"""Events that may not be replaced. A client that reads has a few waiting; this is minutes of finals."""


class SendQueue:
    """Texts in order. A text in a slot takes the place of an older one that is still in it."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, str | None]] = deque()
        self._filled = asyncio.Event()
        self._taken = asyncio.Event()
        self._sending = False

    def put(self, text: str, slot: str | None = None) -> None:
        """Queue a text. Raises SlowReader when too much waits."""
        if slot is not None:
            # At the end, not in the old place: it must not overtake what was queued since.
            self._waiting = deque(item for item in self._waiting if item[1] != slot)
        if len(self._waiting) >= MAX_KEPT:
            raise SlowReader
        self._waiting.append((text, slot))
        self._filled.set()

    async def next(self) -> str:
        """The oldest text, once there is one."""
        self._sending = False
        self._taken.set()
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        self._sending = True
        return self._waiting.popleft()[0]

    async def delivered(self) -> None:
        """Wait until everything queued was sent."""
        while self._waiting or self._sending:
            self._taken.clear()
            await self._taken.wait()
