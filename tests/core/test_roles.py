"""What each role may do."""

from __future__ import annotations

import pytest

from serve_app.core.roles import Action, Role, may


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.OWNER, {Action.INSPECT, Action.MANAGE_KEYS, Action.MANAGE_MEMBERS}),
        (Role.ADMIN, {Action.INSPECT, Action.MANAGE_KEYS}),
        (Role.MEMBER, {Action.INSPECT}),
    ],
)
def test_roles(role: Role, allowed: set[Action]) -> None:
    """KEY-005: owners and admins manage keys, owners manage members, members inspect."""
    assert {action for action in Action if may(role, action)} == allowed
