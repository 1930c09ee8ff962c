"""What an open stream must keep: a session slot of its team (QUO-003, QUO-009) and a live key (KEY-011)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

from serve_app.auth import Caller, KeyRing
from serve_app.errors import StoreUnavailable, TooManySessions, Unauthorized
from serve_app.limits import Limits

RENEWALS_PER_LEASE = 3
"""One renewal may be lost and another late, and the slot is still ours."""

Sleep = Callable[[float], Awaitable[None]]


class SessionSlot:
    """One of the team's slots, held by one connection."""

    def __init__(self, limits: Limits, caller: Caller, lease_s: float) -> None:
        self._limits = limits
        self._caller = caller
        self._lease_s = lease_s
        self._holder = uuid4().hex

    async def take(self) -> None:
        """Raises TooManySessions when all slots are held."""
        if not await self._limits.take_session(self._caller, self._holder):
            raise TooManySessions

    async def keep(self, sleep: Sleep = asyncio.sleep) -> None:
        """Renew for ever. Raises TooManySessions once the slot is lost, StoreUnavailable after a lease time
        without a store."""
        failures = 0
        while True:
            await sleep(self._lease_s / RENEWALS_PER_LEASE)
            try:
                if not await self._limits.renew_session(self._caller, self._holder):
                    await self._take_again(after_outage=failures > 0)
                failures = 0
            except StoreUnavailable:
                failures += 1
                if failures >= RENEWALS_PER_LEASE:
                    raise

    async def _take_again(self, *, after_outage: bool) -> None:
        """A lease that ran out because the store was away may be taken anew, if a slot is free."""
        if not after_outage:
            raise TooManySessions("The session slot was lost.")
        await self.take()

    async def release(self) -> None:
        """Give the slot back; while the store is away it runs out by itself."""
        with suppress(StoreUnavailable):
            await self._limits.release_session(self._caller, self._holder)


@asynccontextmanager
async def session_slot(limits: Limits, caller: Caller, lease_s: float) -> AsyncIterator[SessionSlot]:
    """A slot for the life of a connection. Raises TooManySessions and StoreUnavailable."""
    slot = SessionSlot(limits, caller, lease_s)
    try:
        await slot.take()
        yield slot
    finally:
        # Also when taking was cut short: it may have succeeded unseen.
        await asyncio.shield(slot.release())


async def watch_key(keys: KeyRing, caller: Caller, every_s: float, sleep: Sleep = asyncio.sleep) -> None:
    """Look again and again whether the key still lives. Raises Unauthorized once it does not.

    While the store is away nobody can tell; the slot's lease bounds that time.
    """
    while True:
        await sleep(every_s)
        with suppress(StoreUnavailable):
            if not await keys.still_valid(caller):
                raise Unauthorized
