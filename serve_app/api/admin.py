"""The admin surface: a team's members look after its keys, each with a personal token (KEY-004, KEY-005)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security
from pydantic import BaseModel, ConfigDict, Field

from serve_app.core.names import LONGEST_ADDRESS, LONGEST_NAME
from serve_app.core.roles import Action, Role, may
from serve_app.errors import Forbidden
from serve_app.flows.accounts.team_keys import TeamKeys, override, within
from serve_app.flows.accounts.teams import Member, Teams
from serve_app.http.dependencies import BEARER, BackendsDep, Gate, backends_of, bearer_token, spend
from serve_app.http.json_body import JsonBody
from serve_app.http.surface import surface
from serve_app.plans import ConcurrentSessions, DailyAudioSeconds, PolicyModel, RequestsPerMinute

REQUESTS_PER_MINUTE = 60
"""Of one member; people and their scripts need few."""


class Body(JsonBody):
    """A request body; an unknown field is a mistake worth telling."""

    model_config = ConfigDict(extra="forbid")


class LimitsIn(Body):
    """Limits that differ from the plan, within it; a field left out keeps its value."""

    requests_per_minute: RequestsPerMinute | None = None
    concurrent_sessions: ConcurrentSessions | None = None
    daily_audio_seconds: DailyAudioSeconds | None = None


class KeyIn(Body):
    """A key to create."""

    name: Annotated[str, Field(max_length=LONGEST_NAME)] = ""
    limits: LimitsIn = LimitsIn()


class MemberIn(Body):
    """A person to add."""

    email: Annotated[str, Field(max_length=LONGEST_ADDRESS)]
    role: Role = Role.MEMBER


class View(BaseModel):
    """An answer, read off a flow's object."""

    model_config = ConfigDict(from_attributes=True)


class KeyOut(View):
    """A key; dates are Unix seconds."""

    prefix: str
    name: str
    limits: PolicyModel = Field(validation_alias="policy")
    created_at: float
    revoked_at: float | None


class NewKeyOut(BaseModel):
    """A key that was just created, with its raw form, shown once (KEY-003)."""

    api_key: str
    key: KeyOut


class UsageOut(View):
    """What the team may use, used and holds (QUO-001, QUO-005)."""

    plan: str
    limits: PolicyModel = Field(validation_alias="policy")
    today_audio_seconds_used: float
    today_speech_seconds_made: float
    today_video_seconds_made: float
    today_prompt_tokens: int
    today_completion_tokens: int
    sessions_held: int


class MemberOut(View):
    """A person in the team."""

    id: str
    email: str
    role: Role


class NewMemberOut(BaseModel):
    """A person who was just added, with their personal token, shown once."""

    token: str
    member: MemberOut


class Deleted(BaseModel):
    """Something is gone."""

    status: str = "deleted"


class MemberGate(Gate):
    """A member whose role allows the action."""

    def __init__(self, action: Action) -> None:
        self._action = action

    async def __call__(self, request: Request, _bearer: Annotated[object, Security(BEARER)] = None) -> Member:
        if not hasattr(request.state, "member"):
            member = await teams_of(request).authenticate(bearer_token(request))
            request.state.member = member
            bucket = f"admin:{member.team_id}:{member.id}"
            store = backends_of(request).store
            spend(request, await store.hit(bucket, limit=REQUESTS_PER_MINUTE, window_s=60.0))
        found: Member = request.state.member
        if not may(found.role, self._action):
            raise Forbidden
        return found


def teams_of(request: Request) -> Teams:
    """The teams in this app's store."""
    backends = backends_of(request)
    return Teams(backends.store, backends.keys)


async def keys_of(request: Request, backends: BackendsDep) -> TeamKeys:
    """The keys of the member's team; stands behind a MemberGate."""
    team = await teams_of(request).get(request.state.member.team_id)
    return TeamKeys(backends.store, backends.keys, team)


async def _teams(request: Request) -> Teams:
    return teams_of(request)


TeamsDep = Annotated[Teams, Depends(_teams)]
InspectorDep = Annotated[Member, Depends(MemberGate(Action.INSPECT))]
KeyAdminDep = Annotated[Member, Depends(MemberGate(Action.MANAGE_KEYS))]
OwnerDep = Annotated[Member, Depends(MemberGate(Action.MANAGE_MEMBERS))]
KeysDep = Annotated[TeamKeys, Depends(keys_of)]

router = surface("/api/admin/v1", "admin")


@router.get("/usage")
async def usage(_: InspectorDep, keys: KeysDep, backends: BackendsDep) -> UsageOut:
    """The team's limits and what it used today."""
    return UsageOut.model_validate(await keys.usage(backends.limits))


@router.get("/keys")
async def list_keys(_: InspectorDep, keys: KeysDep) -> list[KeyOut]:
    """Every key of the team with its policy."""
    return [KeyOut.model_validate(key) for key in await keys.all()]


@router.post("/keys", status_code=201)
async def create_key(_: KeyAdminDep, keys: KeysDep, wanted: KeyIn) -> NewKeyOut:
    """Create a key. Its raw form is shown in this answer only."""
    policy = within(keys.team.policy, override(keys.team.policy, wanted.limits.model_dump()))
    key, raw = await keys.create(wanted.name, policy)
    return NewKeyOut(api_key=raw.reveal(), key=KeyOut.model_validate(key))


@router.patch("/keys/{prefix}")
async def limit_key(_: KeyAdminDep, keys: KeysDep, prefix: str, limits: LimitsIn) -> KeyOut:
    """Change limits of a key, within the team's plan."""
    return KeyOut.model_validate(await keys.limit(prefix, limits.model_dump()))


@router.post("/keys/{prefix}/revoke")
async def revoke_key(_: KeyAdminDep, keys: KeysDep, prefix: str) -> KeyOut:
    """Stop a key: at once for requests, within 30 s for open sockets (KEY-011)."""
    return KeyOut.model_validate(await keys.revoke(prefix))


@router.post("/keys/{prefix}/restore")
async def restore_key(_: KeyAdminDep, keys: KeysDep, prefix: str) -> KeyOut:
    """Make a revoked key work again, with the same secret."""
    return KeyOut.model_validate(await keys.restore(prefix))


@router.get("/members")
async def list_members(owner: OwnerDep, teams: TeamsDep) -> list[MemberOut]:
    """The people of the team."""
    return [MemberOut.model_validate(member) for member in (await teams.get(owner.team_id)).members]


@router.post("/members", status_code=201)
async def add_member(owner: OwnerDep, teams: TeamsDep, person: MemberIn) -> NewMemberOut:
    """Add a person. Their personal token is shown in this answer only."""
    member, token = await teams.add_member(owner.team_id, person.email, person.role)
    return NewMemberOut(token=token.reveal(), member=MemberOut.model_validate(member))


@router.delete("/members/{member_id}")
async def remove_member(owner: OwnerDep, teams: TeamsDep, member_id: str) -> Deleted:
    """Remove a person; a team keeps at least one owner."""
    await teams.remove_member(owner.team_id, member_id)
    return Deleted()
