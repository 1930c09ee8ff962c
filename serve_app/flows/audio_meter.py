"""Counts the audio of one stream against the team's daily quota, as it accumulates (QUO-004, QUO-006)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from serve_app.auth import Caller
from serve_app.errors import DailyAudioQuotaExceeded, StoreUnavailable
from serve_app.limits import Limits

log = logging.getLogger(__name__)

SHORT_BATCH_S = 1.0
"""Seconds of audio per write while the quota may be near: it is kept to a second."""
LONG_BATCH_S = 3.6
"""Else a thousandth of the default daily quota: a write costs as much CPU as ten frames of an idle stream."""
RETRY_S = 0.5


class AudioMeter:
    """Accepted audio is counted once, also when the store is away for a while."""

    def __init__(
        self,
        limits: Limits,
        caller: Caller,
        patience_s: float,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`patience_s`: how long a stream goes on while the store is away."""
        self._limits = limits
        self._caller = caller
        self._tries = max(1, round(patience_s / RETRY_S))
        self._sleep = sleep
        self._uncounted = 0.0
        self._batch_s = SHORT_BATCH_S
        self._due = asyncio.Event()
        self._write: asyncio.Task[None] | None = None

    def add(self, seconds: float) -> None:
        """Count accepted audio."""
        self._uncounted += seconds
        if self._uncounted >= self._batch_s:
            self._due.set()

    async def run(self) -> None:
        """Write batches for ever. Raises DailyAudioQuotaExceeded and StoreUnavailable."""
        while True:
            await self._due.wait()
            self._due.clear()
            # A write must not be torn by the end of the stream: nobody would know whether it counted.
            self._write = asyncio.create_task(self._count())
            await asyncio.shield(self._write)

    async def settle(self) -> None:
        """Count the rest, after the stream has ended."""
        if self._write is not None:
            await asyncio.gather(self._write, return_exceptions=True)
        try:
            await self._count()
        except DailyAudioQuotaExceeded:
            pass  # it counts all the same
        except StoreUnavailable:
            log.error("%.1f s of audio of team %s are not counted", self._uncounted, self._caller.team_id)

    async def _count(self) -> None:
        for attempt in range(self._tries):
            if self._uncounted <= 0.0:
                return
            amount, self._uncounted = self._uncounted, 0.0
            try:
                usage = await self._limits.add_audio(self._caller, amount)
            except StoreUnavailable:
                self._uncounted += amount
                if attempt == self._tries - 1:
                    raise
                await self._sleep(RETRY_S)
                continue
            self._batch_s = min(LONG_BATCH_S, max(SHORT_BATCH_S, usage.limit - usage.used))
            if usage.exceeded:
                raise DailyAudioQuotaExceeded
            return
