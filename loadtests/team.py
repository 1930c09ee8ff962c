"""The operator's way in: a team of our own, made on the store, with a plan that is never in the way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from serve_app.auth import Caller, KeyRing, pepper
from serve_app.clock import SystemClock
from serve_app.errors import NotFound
from serve_app.flows.accounts.team_keys import TeamKeys
from serve_app.flows.accounts.teams import Teams
from serve_app.limits import Limits
from serve_app.plans import plan
from serve_app.settings import Settings
from serve_app.stores import Store, open_store

NAME, OWNER, PLAN = "load test", "operator@localhost", "load-test"
PLANS = Path(__file__).parents[1] / "configs" / "plans.yaml"


class NoServerData(Exception):
    """No server keeps its data there; the message is for the operator."""


@dataclass(frozen=True, slots=True)
class LoadTestTeam:
    """A live key with wide limits, and a look at what it holds."""

    key: str
    limits: Limits
    caller: Caller

    async def sessions_held(self) -> int:
        """Session slots held now, over all gateways (QUO-009)."""
        return await self.limits.sessions_held(self.caller)


@asynccontextmanager
async def load_test_team(data: Path) -> AsyncIterator[LoadTestTeam]:
    """A key for this run, revoked at its end; `data` is the server's. Raises NoServerData, KaleidoError."""
    async with _store(data) as (settings, store):
        keys = await _keys(settings, store)
        key, raw = await keys.create("load test run", keys.team.policy)
        caller = Caller(keys.team.id, keys.team.name, key.prefix, key.policy)
        try:
            yield LoadTestTeam(raw.reveal(), Limits(store, SystemClock(), settings.session_lease_s), caller)
        finally:
            await keys.revoke(key.prefix)


async def lasting_key(data: Path) -> str:
    """A key for a run whose end nobody here sees. Raises NoServerData, KaleidoError."""
    async with _store(data) as (settings, store):
        keys = await _keys(settings, store)
        _key, raw = await keys.create("locust run", keys.team.policy)
        return raw.reveal()


@asynccontextmanager
async def _store(data: Path) -> AsyncIterator[tuple[Settings, Store]]:
    settings = Settings(data=data)
    if not settings.pepper.get_secret_value() and not (data / "pepper").exists():
        raise NoServerData(f"no server has started with KALEIDO_DATA={data}; start it, or give a key")
    store = open_store(settings)
    try:
        yield settings, store
    finally:
        await store.close()


async def _keys(settings: Settings, store: Store) -> TeamKeys:
    ring = KeyRing(store, pepper(settings), SystemClock())
    teams = Teams(store, ring)
    try:
        team = await teams.find(NAME)
    except NotFound:
        team, _token = await teams.create(NAME, OWNER, PLAN, plan(PLANS, PLAN))
    return TeamKeys(store, ring, team)
