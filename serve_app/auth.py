"""Who is calling: raw keys in, callers out (KEY-001..012)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """The limits of a key (QUO-001)."""

    requests_per_minute: int = 120
    concurrent_sessions: int = 3
    daily_audio_seconds: float = 3600


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated key."""

    team_id: str
    team_name: str
    key_prefix: str
    policy: Policy


class KeyRing:
    """Placeholder signature, completed by its owner: authenticate(raw_key) -> Caller; still_valid(caller) -> bool."""
