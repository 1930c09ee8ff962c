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
from serve_app.errors import AlreadyExists, Conflict, InvalidRequest, NotFound, Unauthorized
from serve_app.flows.accounts.team_keys import TeamKeys
from serve_app.flows.accounts.teams import Teams
from serve_app.stores import Document, JsonObject
from serve_app.stores.documents import ATTEMPTS, change
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
    assert sum(isinstance(outcome, AlreadyExists) for outcome in outcomes) == 3
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
    """KEY-001, KEY-017: by a name in any case too."""
    one, _ = await teams.create("Acme  School ", "a@example.com", "default", Policy())
    assert one.name == "Acme School"
    for reference in (one.id, "Acme School", " acme\u200b SCHOOL\n"):
        assert await teams.find(reference) == one
    for reference in ("nowhere", "", "\ud800", "acme", one.id[:-1]):
        with pytest.raises(NotFound):
            await teams.find(reference)


async def test_a_name_is_one_teams(teams: Teams, backends: Backends) -> None:
    """KEY-017: of many who want one at once a single one gets it; the others leave nothing behind."""
    wanted = [
        teams.create(name, "a@example.com", "default", Policy()) for name in ("Acme", " ACME", "acme") * 3
    ]
    outcomes = await asyncio.gather(*wanted, return_exceptions=True)
    (made,) = (outcome for outcome in outcomes if not isinstance(outcome, BaseException))
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert {type(outcome) for outcome in refused} == {AlreadyExists}
    assert "name: There is a team" in str(refused[0])
    assert await teams.all() == [made[0]]
    assert [token.key for token in await backends.store.list(Kind.MEMBER)] == [made[1].prefix]


async def test_an_address_is_a_member_once(teams: Teams, backends: Backends) -> None:
    """KEY-016: in whatever case it is written, also when two add it at once; the owner's too."""
    team, _ = await teams.create("school", "Owner@X.example", "default", Policy())
    with pytest.raises(AlreadyExists, match="email: "):
        await teams.add_member(team.id, "owner@x.EXAMPLE ", Role.MEMBER)
    same = [
        teams.add_member(team.id, email, Role.MEMBER)
        for email in ("A@X.example", "a@x.example", " a@x.example.")
    ]
    outcomes = await asyncio.gather(*same, return_exceptions=True)
    assert sum(isinstance(outcome, AlreadyExists) for outcome in outcomes) == 2
    assert len((await teams.get(team.id)).members) == len(await backends.store.list(Kind.MEMBER)) == 2
    other, _ = await teams.create("another school", "Owner@X.example", "default", Policy())
    assert other.members[0].email == "Owner@X.example"


@pytest.mark.parametrize(("name", "owner"), [("", "a@x.example"), ("\u200b", "a@x.example"), ("x", "nobody")])
async def test_no_team_without_a_name_and_an_address(
    teams: Teams, backends: Backends, name: str, owner: str
) -> None:
    """KEY-016, KEY-017: nothing is made of what is neither."""
    with pytest.raises(InvalidRequest):
        await teams.create(name, owner, "default", Policy())
    assert await teams.all() == await backends.store.list(Kind.MEMBER) == []


async def test_names_of_keys(teams: Teams, backends: Backends) -> None:
    """KEY-017: a label, which may be empty and shared, but is as clean and as short as others."""
    team, _ = await teams.create("school", "a@example.com", "default", Policy())
    keys = TeamKeys(backends.store, backends.keys, team)
    made = [(await keys.create(name, Policy()))[0] for name in ("", " app\n 1\u200b", "app 1")]
    assert [key.name for key in made] == ["", "app 1", "app 1"]
    with pytest.raises(InvalidRequest):
        await keys.create("x" * 101, Policy())


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
