"""The three limits of a key's policy: requests per minute, concurrent sessions, daily audio seconds.

Limits come from the calling key's policy; the counters are the team's (QUO-012).
"""

from __future__ import annotations

from dataclasses import dataclass

from serve_app.auth import Caller
from serve_app.clock import Clock
from serve_app.stores import Store, WindowHit

POLLING_FACTOR = 10
"""Polling one's own jobs has a bucket of its own, ten times as wide (QUO-011)."""
TWO_DAYS_S = 172_800.0
"""A day's audio total outlives its UTC day, so that it can still be read after midnight."""


@dataclass(frozen=True, slots=True)
class AudioUsage:
    """Audio seconds of a team on one UTC day."""

    used: float
    limit: float


class Limits:
    """Counts requests, session slots and audio seconds in the shared store, exactly (QUO-008)."""

    def __init__(self, store: Store, clock: Clock, session_lease_s: float) -> None:
        self._store = store
        self._clock = clock
        self._lease_s = session_lease_s

    async def request(self, caller: Caller, *, polling: bool = False) -> WindowHit:
        """Count one HTTP request against the team's bucket (QUO-011)."""
        bucket = "polling" if polling else "requests"
        limit = caller.policy.requests_per_minute * (POLLING_FACTOR if polling else 1)
        return await self._store.hit(f"{bucket}:{caller.team_id}", limit=limit, window_s=60.0)

    async def take_session(self, caller: Caller, holder: str) -> bool:
        """Take a session slot; False when all are held (QUO-003)."""
        return await self._store.acquire(
            self._slots(caller), holder, limit=caller.policy.concurrent_sessions, ttl_s=self._lease_s
        )

    async def renew_session(self, caller: Caller, holder: str) -> bool:
        """Keep a session slot; False when it was lost (QUO-009)."""
        return await self._store.renew(self._slots(caller), holder, ttl_s=self._lease_s)

    async def release_session(self, caller: Caller, holder: str) -> None:
        """Give a session slot back."""
        await self._store.release(self._slots(caller), holder)

    async def sessions_held(self, caller: Caller) -> int:
        """How many session slots the team holds now."""
        return await self._store.held(self._slots(caller))

    async def add_audio(self, caller: Caller, seconds: float) -> AudioUsage:
        """Count streamed audio as it accumulates (QUO-004, QUO-006)."""
        used = await self._store.add(self._audio(caller.team_id), seconds, ttl_s=TWO_DAYS_S)
        return AudioUsage(used, caller.policy.daily_audio_seconds)

    async def audio_today(self, caller: Caller) -> AudioUsage:
        """What the team used so far on this UTC day."""
        used = await self._store.total(self._audio(caller.team_id))
        return AudioUsage(used, caller.policy.daily_audio_seconds)

    async def record_usage(
        self, team_id: str, product: str, amount: float, *, job: str, day: str | None = None
    ) -> float:
        """Count what a job used, once however often it is retried (QUO-005, QUO-010); the day's new total.

        `day` is the UTC day, `YYYY-MM-DD`, on which the job was submitted, whatever attempt ends it; today
        without one.
        """
        name = self._usage(team_id, product, day or self._clock.utc_date())
        return await self._store.add(name, amount, ttl_s=TWO_DAYS_S, once=job)

    async def usage_today(self, team_id: str, product: str) -> float:
        """What a team's jobs of one product used so far on this UTC day."""
        return await self._store.total(self._usage(team_id, product, self._clock.utc_date()))

    @staticmethod
    def _slots(caller: Caller) -> str:
        return f"sessions:{caller.team_id}"

    @staticmethod
    def _usage(team_id: str, product: str, day: str) -> str:
        return f"usage:{product}:{team_id}:{day}"

    def _audio(self, team_id: str) -> str:
        return f"audio:{team_id}:{self._clock.utc_date()}"
