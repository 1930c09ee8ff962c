"""Audio seconds of a team's streams: QUO-004, QUO-006, QUO-012."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from serve_app.auth import Caller, Policy
from serve_app.backends import Backends
from serve_app.errors import DailyAudioQuotaExceeded, KaleidoError, StoreUnavailable
from serve_app.flows.accounts.audio_meter import RETRY_S, AudioMeters
from serve_app.limits import AudioUsage
from tests.conftest import eventually
from tests.fakes import open_backends, team_with_key

PATIENCE_S = 5.0


@pytest.fixture
async def backends(tmp_path: Path) -> AsyncIterator[Backends]:
    async with open_backends(tmp_path) as opened:
        yield opened


@pytest.fixture
async def caller(backends: Backends) -> Caller:
    return await backends.keys.authenticate(
        (await team_with_key(backends, Policy(daily_audio_seconds=10)))[1]
    )


async def used(backends: Backends, caller: Caller) -> float:
    return (await backends.limits.audio_today(caller)).used


async def test_audio_is_written_in_batches_and_to_the_end(backends: Backends, caller: Caller) -> None:
    """QUO-004: about one write a second; the rest when the stream ends."""
    meters = AudioMeters(backends.limits, PATIENCE_S)
    async with meters.metered(caller, pytest.fail) as count:
        for _ in range(49):
            count(0.02)
        await asyncio.sleep(0)
        assert await used(backends, caller) == 0
        count(0.04)
        await eventually(lambda: used(backends, caller))
        count(0.5)
    assert await used(backends, caller) == pytest.approx(1.52)


async def test_streams_of_a_team_share_writes(
    backends: Backends, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """QUO-004: two streams that speak for a second are one write, and each one's end is another."""
    written: list[float] = []
    add = backends.limits.add_audio

    async def counted(caller: Caller, seconds: float) -> AudioUsage:
        written.append(round(seconds, 2))
        return await add(caller, seconds)

    monkeypatch.setattr(backends.limits, "add_audio", counted)
    meters = AudioMeters(backends.limits, PATIENCE_S)
    async with meters.metered(caller, pytest.fail) as one, meters.metered(caller, pytest.fail) as other:
        for count in (one, other) * 50:
            count(0.02)
        await eventually(lambda: written)
        other(0.3)
    assert written == [2.0, 0.3]
    assert await used(backends, caller) == pytest.approx(2.3)


async def test_the_quota_is_exceeded(backends: Backends, caller: Caller) -> None:
    """QUO-006, QUO-012: a stream ends by its own key's limit; what was accepted is counted all the same."""
    failures: list[KaleidoError] = []
    wider = replace(caller, policy=Policy(daily_audio_seconds=100))
    meters = AudioMeters(backends.limits, PATIENCE_S)
    async with meters.metered(caller, failures.append) as count, meters.metered(wider, pytest.fail):
        count(10.5)
        await eventually(lambda: failures)
        count(1.0)
    assert {type(failure) for failure in failures} == {DailyAudioQuotaExceeded}
    assert await used(backends, caller) == 11.5


async def test_audio_outlives_an_outage(
    backends: Backends, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """QUO-004: retried for the patience, then the stream ends, then counted once the store is back."""
    slept: list[float] = []
    failures: list[KaleidoError] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def unavailable(*_: object, **__: object) -> float:
        raise StoreUnavailable

    meters = AudioMeters(backends.limits, PATIENCE_S, sleep)
    async with meters.metered(caller, failures.append) as count:
        with monkeypatch.context() as outage:
            outage.setattr(backends.store, "add", unavailable)
            count(2.0)
            await eventually(lambda: failures)
        assert sum(slept) == pytest.approx(PATIENCE_S, abs=RETRY_S)
        assert isinstance(failures[0], StoreUnavailable)
        assert await used(backends, caller) == 0
    assert await used(backends, caller) == 2.0
