"""What a member of a team may do (KEY-005)."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """A member's role in a team."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"


class Action(StrEnum):
    """Something a member may be allowed to do."""

    INSPECT = "inspect"
    """See key policies and usage."""
    MANAGE_KEYS = "manage_keys"
    """Create, revoke and restore keys and set their limits."""
    MANAGE_MEMBERS = "manage_members"
    """Add and remove members."""


ALLOWED: dict[Role, frozenset[Action]] = {
    Role.OWNER: frozenset(Action),
    Role.ADMIN: frozenset({Action.INSPECT, Action.MANAGE_KEYS}),
    Role.MEMBER: frozenset({Action.INSPECT}),
}


def may(role: Role, action: Action) -> bool:
    """True when the role allows the action."""
    return action in ALLOWED[role]
