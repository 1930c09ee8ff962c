"""Slots, keys and audio seconds of one stream: QUO-003, QUO-004, QUO-006, QUO-009, KEY-011."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from serve_app.auth import Caller, Policy
from serve_app.backends import Backends
from serve_app.core.keys import Kind
from serve_app.errors import StoreUnavailable, TooManySessions, Unauthorized
from serve_app.flows.accounts.session_slot import SessionSlot, session_slot, watch_key
from tests.fakes import ManualClock, open_backends, team_with_key

LEASE_S = 30.0


class Sleeps:
    """A sleep that moves the clock; before each it does the next of its steps, and ends after the last."""

    def __init__(self, backends: Backends, *steps: Callable[[], object]) -> None:
        self.slept: list[float] = []
        self._steps = list(steps)
        self._backends = backends

    async def __call__(self, seconds: float) -> None:
        if not self._steps:
            raise asyncio.CancelledError
        self._steps.pop(0)()
        self.slept.append(seconds)
        assert isinstance(self._backends.clock, ManualClock)
        self._backends.clock.advance(seconds)
        await asyncio.sleep(0)


@pytest.fixture
async def backends(tmp_path: Path) -> AsyncIterator[Backends]:
    async with open_backends(tmp_path, session_lease_s=LEASE_S) as opened:
        yield opened


@pytest.fixture
async def caller(backends: Backends) -> Caller:
    policy = Policy(concurrent_sessions=1, daily_audio_seconds=10)
    return await backends.keys.authenticate((await team_with_key(backends, policy))[1])


def idle() -> None:
    """A step in which nothing happens."""


async def unavailable(*_: object, **__: object) -> None:
    raise StoreUnavailable


async def test_a_slot_is_kept_far_beyond_its_lease(backends: Backends, caller: Caller) -> None:
    """QUO-009: renewed three times per lease."""
    async with session_slot(backends.limits, caller, LEASE_S) as slot:
        sleeps = Sleeps(backends, *[idle] * 20)
        with pytest.raises(asyncio.CancelledError):
            await slot.keep(sleeps)
        assert sleeps.slept == [10.0] * 20
        assert await backends.limits.sessions_held(caller) == 1
    assert await backends.limits.sessions_held(caller) == 0


async def test_all_slots_held(backends: Backends, caller: Caller) -> None:
    """QUO-003: a refusal takes nothing and gives nothing of others back."""
    async with session_slot(backends.limits, caller, LEASE_S):
        with pytest.raises(TooManySessions):
            async with session_slot(backends.limits, caller, LEASE_S):
                raise AssertionError("a second slot")
        assert await backends.limits.sessions_held(caller) == 1


async def test_a_lost_slot(backends: Backends, caller: Caller) -> None:
    """QUO-009."""
    slot = SessionSlot(backends.limits, caller, LEASE_S)
    with pytest.raises(TooManySessions):
        await slot.keep(Sleeps(backends, idle))


async def test_a_slot_that_ran_out_during_an_outage_is_taken_again(
    backends: Backends, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """QUO-009: nobody else took it, so the stream goes on."""
    async with session_slot(backends.limits, caller, LEASE_S) as slot:
        away = lambda: monkeypatch.setattr(backends.store, "renew", unavailable)  # noqa: E731
        with pytest.raises(asyncio.CancelledError):
            await slot.keep(Sleeps(backends, away, idle, monkeypatch.undo, idle))
        assert await backends.limits.sessions_held(caller) == 1


async def test_a_store_away_for_a_whole_lease(
    backends: Backends, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """QUO-009: then nobody knows who holds what."""
    async with session_slot(backends.limits, caller, LEASE_S) as slot:
        monkeypatch.setattr(backends.store, "renew", unavailable)
        sleeps = Sleeps(backends, *[idle] * 9)
        with pytest.raises(StoreUnavailable):
            await slot.keep(sleeps)
        assert sum(sleeps.slept) == LEASE_S


async def test_a_revoked_key_is_noticed(backends: Backends, caller: Caller) -> None:
    """KEY-011: also after the store was away for a look."""
    sleeps = Sleeps(backends, idle, idle)
    with pytest.raises(asyncio.CancelledError):
        await watch_key(backends.keys, caller, 10.0, sleeps)
    await backends.keys.revoke(Kind.KEY, caller.key_prefix)
    with pytest.raises(Unauthorized):
        await watch_key(backends.keys, caller, 10.0, Sleeps(backends, idle))
