"""Counts streamed audio against a team's daily quota, as it accumulates (QUO-004, QUO-006)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from serve_app.auth import Caller
from serve_app.errors import DailyAudioQuotaExceeded, KaleidoError, StoreUnavailable
from serve_app.limits import Limits

log = logging.getLogger(__name__)

BATCH_S = 1.0
"""Audio of each stream per write, so that a team writes once a second however many streams it has."""
RETRY_S = 0.5

Fail = Callable[[KaleidoError], None]
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True, eq=False)
class MeteredStream:
    """One open stream: what its key allows, and how to end it."""

    limit: float
    fail: Fail


class TeamMeter:
    """The audio of one team's streams in this process. Accepted audio is counted also when the store is away
    for a while."""

    def __init__(self, limits: Limits, caller: Caller, patience_s: float, sleep: Sleep) -> None:
        self._limits = limits
        self._caller = caller
        self._tries = max(1, round(patience_s / RETRY_S))
        self._sleep = sleep
        self._uncounted = 0.0
        self._writing: asyncio.Task[None] | None = None
        self.streams: set[MeteredStream] = set()

    def add(self, seconds: float) -> None:
        """Count accepted audio of any of the streams."""
        self._uncounted += seconds
        self._write_if_due()

    async def settle(self) -> None:
        """Count what is not counted yet. A write is never torn: nobody would know whether it counted."""
        while self._writing is not None:
            await asyncio.wait([self._writing])
        if self._uncounted > 0.0:
            await asyncio.wait([self._begin()])

    def _write_if_due(self) -> None:
        if self._writing is None and self.streams and self._uncounted >= BATCH_S * len(self.streams):
            self._begin()

    def _begin(self) -> asyncio.Task[None]:
        self._writing = asyncio.create_task(self._write())
        return self._writing

    async def _write(self) -> None:
        amount, self._uncounted = self._uncounted, 0.0
        try:
            used = await self._count(amount)
        except StoreUnavailable as away:
            self._writing, self._uncounted = None, self._uncounted + amount
            log.error("%.1f s of audio of team %s are not counted yet", self._uncounted, self._caller.team_id)
            self._end(away, self.streams)
        else:
            self._writing = None
            over = {stream for stream in self.streams if used > stream.limit}
            self._end(DailyAudioQuotaExceeded(), over)
            self._write_if_due()  # more may have come meanwhile

    async def _count(self, amount: float) -> float:
        """Seconds used today. Raises StoreUnavailable after the patience."""
        for _ in range(self._tries - 1):
            try:
                return (await self._limits.add_audio(self._caller, amount)).used
            except StoreUnavailable:
                await self._sleep(RETRY_S)
        return (await self._limits.add_audio(self._caller, amount)).used

    @staticmethod
    def _end(error: KaleidoError, streams: set[MeteredStream]) -> None:
        for stream in streams:
            stream.fail(error)


class AudioMeters:
    """The meters of one process, one for each team with open streams."""

    def __init__(self, limits: Limits, patience_s: float, sleep: Sleep = asyncio.sleep) -> None:
        """`patience_s`: how long streams go on while the store is away."""
        self._limits = limits
        self._patience_s = patience_s
        self._sleep = sleep
        self._teams: dict[str, TeamMeter] = {}

    @asynccontextmanager
    async def metered(self, caller: Caller, fail: Fail) -> AsyncIterator[Callable[[float], None]]:
        """Gives a function that counts seconds of one stream until it ends. `fail` gets
        DailyAudioQuotaExceeded, or StoreUnavailable after the patience."""
        team = caller.team_id
        if team not in self._teams:
            self._teams[team] = TeamMeter(self._limits, caller, self._patience_s, self._sleep)
        meter, stream = self._teams[team], MeteredStream(caller.policy.daily_audio_seconds, fail)
        meter.streams.add(stream)
        try:
            yield meter.add
        finally:
            meter.streams.discard(stream)
            await meter.settle()
            if not meter.streams and self._teams.get(team) is meter:
                del self._teams[team]
