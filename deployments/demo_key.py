"""A key to try the API with: made on the first start, kept in the data folder, readable by its owner only."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from serve_app.auth import KeyRing, Policy, pepper
from serve_app.clock import SystemClock
from serve_app.errors import NotFound, Unauthorized
from serve_app.flows.accounts.team_keys import TeamKeys
from serve_app.flows.accounts.teams import Team, Teams
from serve_app.plans import DEFAULT
from serve_app.settings import Settings
from serve_app.stores import Store, open_store

TEAM = "demo"
OWNER = "demo@localhost"
FILE = "demo-key"


def demo_key(settings: Settings) -> str:
    """The raw demo key; the one in the file while it still works, else a new one. Raises StoreUnavailable."""
    return asyncio.run(_demo_key(settings))


async def _demo_key(settings: Settings) -> str:
    store = open_store(settings)
    try:
        return await _kept_or_new(store, settings)
    finally:
        await store.close()


async def _kept_or_new(store: Store, settings: Settings) -> str:
    keys = KeyRing(store, pepper(settings), SystemClock())
    path = settings.data / FILE
    if path.exists():
        kept = path.read_text(encoding="ascii").strip()
        try:
            await keys.authenticate(kept)
        except Unauthorized:  # revoked, or the store is another one
            path.unlink()
        else:
            return kept
    _, raw = await TeamKeys(store, keys, await _demo_team(Teams(store, keys))).create(TEAM, Policy())
    _write_private(path, raw.reveal())
    return raw.reveal()


async def _demo_team(teams: Teams) -> Team:
    try:
        return await teams.find(TEAM)
    except NotFound:
        team, _ = await teams.create(TEAM, OWNER, DEFAULT, Policy())
        return team


def _write_private(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(text + "\n")
