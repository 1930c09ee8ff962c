"""The keys of a team: create, revoke, restore, limit, inspect (KEY-004)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from serve_app.auth import Caller, KeyRing, Policy
from serve_app.core.keys import Kind, RawKey
from serve_app.core.names import label
from serve_app.core.usage import COMPLETION_TOKENS, PROMPT_TOKENS, SPEECH_SECONDS, VIDEO_SECONDS
from serve_app.errors import InvalidRequest, NotFound
from serve_app.flows.accounts.teams import Team
from serve_app.limits import Limits
from serve_app.stores import Document, Documents

Overrides = Mapping[str, float | None]
"""Names of policy fields with other values than the plan's; None keeps the plan's."""


@dataclass(frozen=True, slots=True)
class TeamKey:
    """A key as it may be shown again: never its secret (KEY-003). Dates are Unix seconds."""

    prefix: str
    name: str
    policy: Policy
    created_at: float
    revoked_at: float | None


@dataclass(frozen=True, slots=True)
class Usage:
    """What a team may use, used and holds (QUO-001, QUO-005)."""

    plan: str
    policy: Policy
    today_audio_seconds_used: float
    today_speech_seconds_made: float
    today_video_seconds_made: float
    today_prompt_tokens: int
    today_completion_tokens: int
    sessions_held: int


class TeamKeys:
    """Operations on the keys of one team; another team's key is not found (KEY-015)."""

    def __init__(self, store: Documents, keys: KeyRing, team: Team) -> None:
        self._store = store
        self._keys = keys
        self.team = team

    async def create(self, name: str, policy: Policy) -> tuple[TeamKey, RawKey]:
        """Make a key. Only now its raw form can be seen (KEY-003). Raises InvalidRequest for a long name."""
        name = label(name, field="name")
        owner = {"team_id": self.team.id, "team_name": self.team.name}
        raw = await self._keys.issue(Kind.KEY, {**owner, "name": name, "policy": asdict(policy)})
        return await self.get(raw.prefix), raw

    async def all(self) -> list[TeamKey]:
        """All keys, live and revoked, ordered by prefix."""
        records = await self._store.list(Kind.KEY)
        return [_key(record) for record in records if record.body["team_id"] == self.team.id]

    async def get(self, prefix: str) -> TeamKey:
        """The key with this prefix. Raises NotFound."""
        record = await self._keys.record(Kind.KEY, prefix)
        if record.body["team_id"] != self.team.id:
            raise NotFound("No key has this prefix.")
        return _key(record)

    async def revoke(self, prefix: str) -> TeamKey:
        """Stop the key. Raises NotFound."""
        await self.get(prefix)
        return _key(await self._keys.revoke(Kind.KEY, prefix))

    async def restore(self, prefix: str) -> TeamKey:
        """Make the same raw key work again. Raises NotFound."""
        await self.get(prefix)
        return _key(await self._keys.restore(Kind.KEY, prefix))

    async def limit(self, prefix: str, overrides: Overrides) -> TeamKey:
        """Change limits of the key, within the plan. Raises NotFound and InvalidRequest."""
        within(self.team.policy, override(self.team.policy, overrides))
        policy = override((await self.get(prefix)).policy, overrides)
        return _key(await self._keys.amend(Kind.KEY, prefix, {"policy": asdict(policy)}))

    async def usage(self, limits: Limits) -> Usage:
        """What the team uses now; counters belong to the team, not to a key (QUO-012)."""
        caller = Caller(self.team.id, self.team.name, "", self.team.policy)
        return Usage(
            plan=self.team.plan,
            policy=self.team.policy,
            today_audio_seconds_used=(await limits.audio_today(caller)).used,
            today_speech_seconds_made=await limits.usage_today(self.team.id, SPEECH_SECONDS),
            today_video_seconds_made=await limits.usage_today(self.team.id, VIDEO_SECONDS),
            today_prompt_tokens=int(await limits.usage_today(self.team.id, PROMPT_TOKENS)),
            today_completion_tokens=int(await limits.usage_today(self.team.id, COMPLETION_TOKENS)),
            sessions_held=await limits.sessions_held(caller),
        )


def override(policy: Policy, overrides: Overrides) -> Policy:
    """The policy with the values that were asked for."""
    asked = {name: value for name, value in overrides.items() if value is not None}
    return Policy(**(asdict(policy) | asked))


def within(plan: Policy, policy: Policy) -> Policy:
    """The policy, if the plan allows it: a team does not raise its own limits. Raises InvalidRequest."""
    for field in fields(Policy):
        most = getattr(plan, field.name)
        if getattr(policy, field.name) > most:
            raise InvalidRequest(f"{field.name}: the plan of the team allows at most {most}.")
    return policy


def _key(record: Document) -> TeamKey:
    body = record.body
    policy = Policy(**body["policy"])
    return TeamKey(record.key, body["name"], policy, body["created_at"], body["revoked_at"])
