"""Teams and members under races."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from serve_app.auth import KeyRing, Policy
from serve_app.backends import Backends
from serve_app.core.keys import Kind
from serve_app.core.roles import Role
from serve_app.documents import ATTEMPTS, change
from serve_app.errors import Conflict, NotFound, Unauthorized
from serve_app.flows.team_keys import TeamKeys
from serve_app.flows.teams import Teams
from serve_app.stores import Document, JsonObject
from tests.fakes import PEPPER, ManualClock, open_backends


@pytest.fixture
async def backends(tmp_path: Path) -> AsyncIterator[Backends]:
    async with open_backends(tmp_path) as opened:
        yield opened


@pytest.fixture
def teams(backends: Backends) -> Teams:
    return Teams(backends.store, backends.keys)


async def test_two_owners_cannot_remove_each_other(teams: Teams) -> None:
    """KEY-005: of two removals at once one wins; the team keeps an owner."""
    team, first = await teams.create("school", "a@example.com", "default", Policy())
    second, _ = await teams.add_member(team.id, "b@example.com", Role.OWNER)
    outcomes = await asyncio.gather(
        teams.remove_member(team.id, first.prefix),
        teams.remove_member(team.id, second.id),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes if outcome] == [Conflict]
    assert [member.role for member in (await teams.get(team.id)).members] == [Role.OWNER]


async def test_nobody_is_lost_when_many_are_added_at_once(teams: Teams) -> None:
    """KEY-005: optimistic writes are tried again; the same address is added once."""
    team, _ = await teams.create("school", "a@example.com", "default", Policy())
    added = [teams.add_member(team.id, f"{n}@example.com", Role.MEMBER) for n in range(8)]
    await asyncio.gather(*added)
    same = [teams.add_member(team.id, "same@example.com", Role.MEMBER) for _ in range(4)]
    outcomes = await asyncio.gather(*same, return_exceptions=True)
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 3
    assert len((await teams.get(team.id)).members) == 10


async def test_a_role_is_looked_up_at_each_call(teams: Teams, backends: Backends) -> None:
    """KEY-005: a token whose owner left the team opens nothing, even if its record were still there."""
    team, _ = await teams.create("school", "a@example.com", "default", Policy())
    orphan = await backends.keys.issue(Kind.MEMBER, {"team_id": team.id})
    stray = await backends.keys.issue(Kind.MEMBER, {"team_id": "team_gone"})
    for token in (orphan, stray):
        with pytest.raises(Unauthorized):
            await teams.authenticate(token.reveal())


async def test_teams_are_found_by_id_or_name(teams: Teams) -> None:
    """KEY-001: a name that two teams share must be told apart by the id."""
    one, _ = await teams.create("school", "a@example.com", "default", Policy())
    assert await teams.find("school") == await teams.find(one.id) == one
    await teams.create("school", "a@example.com", "default", Policy())
    with pytest.raises(Conflict):
        await teams.find("school")
    assert await teams.find(one.id) == one
    with pytest.raises(NotFound):
        await teams.find("nowhere")


async def test_keys_belong_to_one_pepper(teams: Teams, backends: Backends) -> None:
    """KEY-012: a stolen store is useless without the pepper."""
    team, _ = await teams.create("school", "a@example.com", "default", Policy())
    _, raw = await TeamKeys(backends.store, backends.keys, team).create("", Policy())
    assert (await backends.keys.authenticate(raw.reveal())).team_id == team.id
    with pytest.raises(Unauthorized):
        await KeyRing(backends.store, PEPPER[::-1], ManualClock()).authenticate(raw.reveal())


async def test_a_change_that_never_wins_gives_up(backends: Backends) -> None:
    """KEY-004: a document that others keep changing is a Conflict in the end, not an endless loop."""
    tried: list[int] = []

    class Contended:
        async def get(self, collection: str, key: str) -> Document:
            return Document(key, 1, {})

        async def put(self, *args: object, **options: object) -> Document:
            tried.append(1)
            raise Conflict

    def edit(body: JsonObject) -> JsonObject:
        return body

    with pytest.raises(Conflict):
        await change(Contended(), "teams", "x", edit)  # type: ignore[arg-type]
    assert len(tried) == ATTEMPTS
    with pytest.raises(NotFound):
        await change(backends.store, "teams", "x", edit)
