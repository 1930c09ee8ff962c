"""Health, without a key."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx
import pytest

from serve_app.backends import Backends
from serve_app.engine_cards import FRESH_S, STALE_S
from serve_app.engines import EngineCard
from tests.conftest import eventually
from tests.fakes import ManualClock, ScriptedModels


async def test_health_names_what_really_runs(client: httpx.AsyncClient) -> None:
    """RT-35, KEY-014: no key; `status` is "ok" and each engine says what it is."""
    answer = await client.get("/health")
    assert answer.status_code == 200
    engine = {"engine": "typhoon", "impl": "scripted", "embedded": True, "note": "for tests"}
    engine |= {"task": "asr", "languages": ["th"], "speakers": []}
    assert answer.json() == {"status": "ok", "engines": [engine]}


async def test_probes_share_one_look(
    client: httpx.AsyncClient, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RT-35: many probes at once ask the cluster once every two seconds."""
    looks: list[int] = []

    async def cards(self: ScriptedModels) -> Sequence[EngineCard]:
        looks.append(1)
        await asyncio.sleep(0)
        return []

    monkeypatch.setattr(ScriptedModels, "cards", cards)
    await asyncio.gather(*(client.get("/health") for _ in range(20)))
    assert len(looks) == 1
    clock.advance(STALE_S)
    await client.get("/health")
    assert len(looks) == 2


async def test_who_asks_often_never_waits(
    client: httpx.AsyncClient, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RT-35: a look that is due goes on behind the answer, and the next answer has what it found."""
    found: asyncio.Queue[Sequence[EngineCard]] = asyncio.Queue()

    async def cards(self: ScriptedModels) -> Sequence[EngineCard]:
        return await found.get()

    async def names() -> list[str]:
        return [engine["engine"] for engine in (await client.get("/health")).json()["engines"]]

    monkeypatch.setattr(ScriptedModels, "cards", cards)
    found.put_nowait([EngineCard("old", "x", embedded=True)])
    assert await names() == ["old"]
    clock.advance(FRESH_S)
    assert await names() == ["old"]
    found.put_nowait([EngineCard("new", "x", embedded=True)])
    await eventually(found.empty)
    assert await names() == ["new"]


async def test_models_that_hang(
    client: httpx.AsyncClient, backends: Backends, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RT-35: the front stays "ok" and answers in bounded time; what does not answer is absent."""
    hung: asyncio.Future[Sequence[EngineCard]] = asyncio.get_running_loop().create_future()

    async def cards(self: ScriptedModels) -> Sequence[EngineCard]:
        return await hung

    monkeypatch.setattr(ScriptedModels, "cards", cards)
    monkeypatch.setattr("serve_app.engine_cards.PATIENCE_S", 0.01)
    answer = await client.get("/health")
    assert answer.json() == {"status": "ok", "engines": []}
    assert hung.cancelled()
