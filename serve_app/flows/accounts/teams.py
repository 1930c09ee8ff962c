"""Teams and their members (KEY-001, KEY-005, KEY-016, KEY-017)."""

from __future__ import annotations

import hashlib
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass

from serve_app.auth import KeyRing, Policy
from serve_app.core.keys import Kind, RawKey
from serve_app.core.names import address, comparable, comparable_address
from serve_app.core.names import name as visible_name
from serve_app.core.roles import Role
from serve_app.errors import AlreadyExists, Conflict, NotFound, Unauthorized
from serve_app.stores import Document, Documents, JsonObject
from serve_app.stores.documents import change

TEAMS = "teams"


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a team; `id` is the prefix of their personal token."""

    id: str
    team_id: str
    email: str
    role: Role


@dataclass(frozen=True, slots=True)
class Team:
    """A team; `policy` holds the limits of its plan."""

    id: str
    name: str
    plan: str
    policy: Policy
    members: tuple[Member, ...]


class Teams:
    """Makes and changes teams. The members stand in the team's document, so that one write decides races."""

    def __init__(self, store: Documents, keys: KeyRing) -> None:
        self._store = store
        self._keys = keys

    async def create(self, name: str, owner: str, plan: str, policy: Policy) -> tuple[Team, RawKey]:
        """Make a team with its first owner (an e-mail address); gives the owner's personal token.

        Raises InvalidRequest for what is no name or no address, and AlreadyExists for a name that is taken.
        """
        name, owner = visible_name(name, field="name"), address(owner, field="owner")
        async with AsyncExitStack() as undo:
            token = await self._token(_id(name), undo)
            members = {token.prefix: {"email": owner, "role": Role.OWNER}}
            body = {"name": name, "plan": plan, "policy": asdict(policy), "members": members}
            try:
                made = await self._store.put(TEAMS, _id(name), body, expected_version=0)
            except Conflict as taken:
                raise AlreadyExists(f"name: There is a team {name!r} already.") from taken
            undo.pop_all()
        return _team(made), token

    async def all(self) -> list[Team]:
        """All teams, ordered by id."""
        return [_team(document) for document in await self._store.list(TEAMS)]

    async def get(self, team_id: str) -> Team:
        """The team. Raises NotFound."""
        found = await self._store.get(TEAMS, team_id)
        if found is None:
            raise NotFound("There is no such team.")
        return _team(found)

    async def find(self, reference: str) -> Team:
        """The team with this id or name. Raises NotFound."""
        found = await self._store.get(TEAMS, comparable(reference))
        return _team(found) if found else await self.get(_id(reference))

    async def authenticate(self, raw_token: str | None) -> Member:
        """The member who holds this personal token. Raises Unauthorized."""
        record = await self._keys.verify(Kind.MEMBER, raw_token)
        team = await self._store.get(TEAMS, record.body["team_id"])
        for member in _team(team).members if team else ():
            if member.id == record.key:
                return member
        raise Unauthorized

    async def add_member(self, team_id: str, email: str, role: Role) -> tuple[Member, RawKey]:
        """Add a person; gives their personal token.

        Raises NotFound, InvalidRequest for what is no address, and AlreadyExists for a known one.
        """
        email = address(email, field="email")
        _refuse_known(email, (await self.get(team_id)).members)
        async with AsyncExitStack() as undo:
            token = await self._token(team_id, undo)
            added = Member(token.prefix, team_id, email, role)
            await change(self._store, TEAMS, team_id, lambda body: _with_member(body, added))
            undo.pop_all()
        return added, token

    async def remove_member(self, team_id: str, member_id: str) -> None:
        """Remove a person; their token stops working. Raises NotFound, and Conflict for the last owner."""
        await change(self._store, TEAMS, team_id, lambda body: _without_member(body, member_id))
        await self._store.delete(Kind.MEMBER, member_id)

    async def _token(self, team_id: str, undo: AsyncExitStack) -> RawKey:
        """A personal token, forgotten again when another was faster."""
        token = await self._keys.issue(Kind.MEMBER, {"team_id": team_id})
        undo.push_async_callback(self._store.delete, Kind.MEMBER, token.prefix)
        return token


def _id(name: str) -> str:
    """Teams whose names people take for the same have the same id: the store makes each document once."""
    return f"team_{hashlib.sha256(comparable(name).encode()).hexdigest()[:24]}"


def _team(document: Document) -> Team:
    body = document.body
    policy = Policy(**body["policy"])
    return Team(document.key, body["name"], body["plan"], policy, _members(document.key, body))


def _members(team_id: str, body: JsonObject) -> tuple[Member, ...]:
    people = body["members"].items()
    return tuple(Member(id_, team_id, person["email"], Role(person["role"])) for id_, person in people)


def _refuse_known(email: str, members: tuple[Member, ...]) -> None:
    known = {comparable_address(member.email) for member in members}
    if comparable_address(email) in known:
        raise AlreadyExists("email: This address is a member of the team already.")


def _with_member(body: JsonObject, added: Member) -> JsonObject:
    _refuse_known(added.email, _members(added.team_id, body))
    return {**body, "members": {**body["members"], added.id: {"email": added.email, "role": added.role}}}


def _without_member(body: JsonObject, member_id: str) -> JsonObject:
    """Raises NotFound, and Conflict when nobody would be left to manage the team."""
    staying = {id_: person for id_, person in body["members"].items() if id_ != member_id}
    if len(staying) == len(body["members"]):
        raise NotFound("There is no such member.")
    if all(person["role"] != Role.OWNER for person in staying.values()):
        raise Conflict("A team keeps at least one owner.")
    return {**body, "members": staying}
