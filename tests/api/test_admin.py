"""The admin surface: who may do what to a team's keys."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from serve_app.auth import Policy
from serve_app.backends import Backends
from serve_app.core.roles import Role
from serve_app.flows.accounts.team_keys import TeamKeys
from serve_app.flows.accounts.teams import Team, Teams
from tests.fakes import ManualClock

ADMIN = "/api/admin/v1"
PLAN = Policy(requests_per_minute=100, concurrent_sessions=5, daily_audio_seconds=1000)


class People:
    """A team with one member of each role."""

    def __init__(self, client: httpx.AsyncClient, team: Team, tokens: dict[Role, str]) -> None:
        self.client = client
        self.team = team
        self.tokens = tokens

    async def __call__(self, role: Role, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.tokens[role]}"}
        return await self.client.request(method, f"{ADMIN}{path}", json=body, headers=headers)


async def a_team(client: httpx.AsyncClient, backends: Backends, name: str) -> People:
    teams = Teams(backends.store, backends.keys)
    team, owner = await teams.create(name, "owner@example.com", "classroom", PLAN)
    tokens = {Role.OWNER: owner.reveal()}
    for role in (Role.ADMIN, Role.MEMBER):
        tokens[role] = (await teams.add_member(team.id, f"{role}@example.com", role))[1].reveal()
    return People(client, await teams.get(team.id), tokens)


@pytest.fixture
async def school(client: httpx.AsyncClient, backends: Backends) -> People:
    return await a_team(client, backends, "school")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/usage", {Role.OWNER, Role.ADMIN, Role.MEMBER}),
        ("GET", "/keys", {Role.OWNER, Role.ADMIN, Role.MEMBER}),
        ("POST", "/keys", {Role.OWNER, Role.ADMIN}),
        ("PATCH", "/keys/{prefix}", {Role.OWNER, Role.ADMIN}),
        ("POST", "/keys/{prefix}/revoke", {Role.OWNER, Role.ADMIN}),
        ("POST", "/keys/{prefix}/restore", {Role.OWNER, Role.ADMIN}),
        ("GET", "/members", {Role.OWNER}),
        ("POST", "/members", {Role.OWNER}),
        ("DELETE", "/members/{member}", {Role.OWNER}),
    ],
)
async def test_roles(school: People, backends: Backends, method: str, path: str, allowed: set[Role]) -> None:
    """KEY-005: owners and admins manage keys, owners manage members, members only inspect."""
    key, _ = await TeamKeys(backends.store, backends.keys, school.team).create("a key", PLAN)
    member = next(each.id for each in school.team.members if each.role is Role.MEMBER)
    bodies = {"/keys": {}, "/keys/{prefix}": {}, "/members": {"email": "new@example.com"}}
    for role in (Role.MEMBER, Role.ADMIN, Role.OWNER):
        asked = path.format(prefix=key.prefix, member=member)
        answer = await school(role, method, asked, bodies.get(path) if method != "GET" else None)
        assert answer.is_success == (role in allowed), answer.text
        assert answer.status_code in (200, 201) if role in allowed else answer.status_code == 403


async def test_the_life_of_a_key(
    school: People,
    client: httpx.AsyncClient,
    data_files: Callable[[], bytes],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """KEY-003, KEY-004, KEY-011: created and shown once; revoked; restored; the same raw key works again."""

    async def works() -> bool:
        return (await client.get("/probe/caller", headers={"x-api-key": raw})).is_success

    with caplog.at_level(logging.DEBUG):
        created = (await school(Role.ADMIN, "POST", "/keys", {"name": "classroom 1"})).json()
        raw, prefix = created["api_key"], created["key"]["prefix"]
        assert raw.startswith(f"kvid_{prefix}_")
        assert await works()
        revoked = (await school(Role.ADMIN, "POST", f"/keys/{prefix}/revoke")).json()
        assert revoked["revoked_at"] is not None
        assert not await works()
        restored = (await school(Role.OWNER, "POST", f"/keys/{prefix}/restore")).json()
        assert restored["revoked_at"] is None
        assert await works()
        listed = await school(Role.MEMBER, "GET", "/keys")
    assert listed.json() == [restored]
    assert restored["name"] == "classroom 1"
    secret = raw.split("_")[2]
    assert secret not in listed.text
    assert secret not in caplog.text
    assert secret.encode() not in data_files()


async def test_limits_of_a_key(school: People, backends: Backends) -> None:
    """KEY-004, QUO-001: a key starts with the plan's limits; they may be lowered, never above the plan."""
    lowered = (await school(Role.ADMIN, "POST", "/keys", {"limits": {"requests_per_minute": 7}})).json()
    expected = {"requests_per_minute": 7, "concurrent_sessions": 5, "daily_audio_seconds": 1000}
    assert lowered["key"]["limits"] == expected
    path = f"/keys/{lowered['key']['prefix']}"
    changed = await school(Role.ADMIN, "PATCH", path, {"concurrent_sessions": 1})
    assert changed.json()["limits"] == expected | {"concurrent_sessions": 1}
    assert (await backends.keys.authenticate(lowered["api_key"])).policy == Policy(7, 1, 1000)
    for wrong in ({"concurrent_sessions": 6}, {"daily_audio_seconds": -1}, {"requests_per_minute": 0}):
        for answer in (
            await school(Role.ADMIN, "PATCH", path, wrong),
            await school(Role.ADMIN, "POST", "/keys", {"limits": wrong}),
        ):
            assert answer.status_code == 400
            assert next(iter(wrong)) in answer.json()["error"]


async def test_another_teams_key_does_not_exist(
    school: People, client: httpx.AsyncClient, backends: Backends
) -> None:
    """KEY-015, ERR-011: foreign and unknown prefixes get the same 404, and nothing changes."""
    foreign = await a_team(client, backends, "another school")
    created = (await foreign(Role.OWNER, "POST", "/keys", {})).json()
    for method, path, body in (("PATCH", "", {}), ("POST", "/revoke", None), ("POST", "/restore", None)):
        theirs = await school(Role.OWNER, method, f"/keys/{created['key']['prefix']}{path}", body)
        unknown = await school(Role.OWNER, method, f"/keys/zzzzzzzz{path}", body)
        assert theirs.status_code == unknown.status_code == 404
        assert {**theirs.json(), "requestId": ""} == {**unknown.json(), "requestId": ""}
    assert (await school(Role.OWNER, "GET", "/keys")).json() == []
    assert (await foreign(Role.OWNER, "GET", "/keys")).json() == [created["key"]]
    member = foreign.team.members[1].id
    assert (await school(Role.OWNER, "DELETE", f"/members/{member}")).status_code == 404


async def test_members_come_and_go(school: People) -> None:
    """KEY-005: a new member's token works at once, and stops working when they are removed."""
    added = (await school(Role.OWNER, "POST", "/members", {"email": "n@example.com", "role": "admin"})).json()
    school.tokens[Role.ADMIN] = added["token"]
    assert (await school(Role.ADMIN, "GET", "/keys")).status_code == 200
    listed = await school(Role.OWNER, "GET", "/members")
    assert added["member"] in listed.json()
    assert added["token"].split("_")[2] not in listed.text
    removed = await school(Role.OWNER, "DELETE", f"/members/{added['member']['id']}")
    assert removed.json() == {"status": "deleted"}
    assert (await school(Role.ADMIN, "GET", "/keys")).status_code == 401


async def test_the_last_owner_stays(school: People) -> None:
    """KEY-005: a team is never left without somebody who can manage it."""
    owner = next(member.id for member in school.team.members if member.role is Role.OWNER)
    refused = await school(Role.OWNER, "DELETE", f"/members/{owner}")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    await school(Role.OWNER, "POST", "/members", {"email": "second@example.com", "role": "owner"})
    assert (await school(Role.OWNER, "DELETE", f"/members/{owner}")).status_code == 200


async def test_an_address_is_a_member_once(school: People) -> None:
    """KEY-005, KEY-016: adding a known address is a 409 in any case of its letters, a malformed one a 400."""
    for known in ("owner@example.com", " Owner@EXAMPLE.com"):
        again = await school(Role.OWNER, "POST", "/members", {"email": known})
        assert (again.status_code, again.json()["code"]) == (409, "already_exists")
    for no_address in ("nobody", "a@b@c", "a@x..y", "", "x" * 250 + "@x.yz"):
        wrong = await school(Role.OWNER, "POST", "/members", {"email": no_address})
        assert (wrong.status_code, wrong.json()["error"][:6]) == (400, "email:")


async def test_usage(school: People, backends: Backends) -> None:
    """KEY-004, QUO-001, QUO-005: the plan's limits, today's audio, speech and tokens, and the
    sessions held."""
    raw = (await school(Role.OWNER, "POST", "/keys", {})).json()["api_key"]
    caller = await backends.keys.authenticate(raw)
    await backends.limits.add_audio(caller, 12.5)
    await backends.limits.record_usage(caller.team_id, "tts", 2.5, job="a job")
    await backends.limits.record_usage(caller.team_id, "video", 5.0, job="a video")
    await backends.limits.record_usage(caller.team_id, "llm_prompt_tokens", 30, job="a chat")
    await backends.limits.record_usage(caller.team_id, "llm_completion_tokens", 7, job="a chat")
    await backends.limits.take_session(caller, "a socket")
    assert (await school(Role.MEMBER, "GET", "/usage")).json() == {
        "plan": "classroom",
        "limits": {"requests_per_minute": 100, "concurrent_sessions": 5, "daily_audio_seconds": 1000},
        "today_audio_seconds_used": 12.5,
        "today_speech_seconds_made": 2.5,
        "today_video_seconds_made": 5.0,
        "today_prompt_tokens": 30,
        "today_completion_tokens": 7,
        "sessions_held": 1,
    }


async def test_an_api_key_opens_no_admin_door(school: People, client: httpx.AsyncClient) -> None:
    """KEY-005: keys call models; only people look after keys."""
    raw = (await school(Role.OWNER, "POST", "/keys", {})).json()["api_key"]
    for headers in ({"authorization": f"Bearer {raw}"}, {"x-api-key": school.tokens[Role.OWNER]}, {}):
        assert (await client.get(f"{ADMIN}/keys", headers=headers)).status_code == 401


async def test_the_admin_surface_is_limited_too(school: People, clock: ManualClock) -> None:
    """QUO-007: sixty requests a minute for each member, not shared between members."""
    answers = [await school(Role.MEMBER, "GET", "/usage") for _ in range(61)]
    assert [answer.status_code for answer in answers] == [200] * 60 + [429]
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert (await school(Role.OWNER, "GET", "/usage")).status_code == 200
    clock.advance(int(answers[-1].headers["retry-after"]))
    assert (await school(Role.MEMBER, "GET", "/usage")).status_code == 200
