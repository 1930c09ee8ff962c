"""Who is calling: raw keys in, callers out (KEY-001..012)."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serve_app.clock import Clock
from serve_app.core import keys
from serve_app.core.keys import Kind, RawKey
from serve_app.errors import Conflict, NotFound, Unauthorized
from serve_app.settings import Settings
from serve_app.stores import Document, Documents, JsonObject
from serve_app.stores.documents import change


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


DEVELOPER = Caller("team_development", "development", "", Policy())
"""Calls without a key where a development profile allows that (KEY-014)."""


class KeyRing:
    """Issues, verifies, revokes and restores keys; the store holds digests only (KEY-012)."""

    def __init__(self, store: Documents, pepper: bytes, clock: Clock) -> None:
        self._store = store
        self._pepper = pepper
        self._clock = clock

    async def authenticate(self, raw_key: str | None) -> Caller:
        """The caller who holds this key. Raises Unauthorized and StoreUnavailable."""
        record = await self.verify(Kind.KEY, raw_key)
        policy = Policy(**record.body["policy"])
        return Caller(record.body["team_id"], record.body["team_name"], record.key, policy)

    async def still_valid(self, caller: Caller) -> bool:
        """False once the caller's key was revoked (KEY-011); asked again and again by open sockets."""
        if caller == DEVELOPER:
            return True
        record = await self._store.get(Kind.KEY, caller.key_prefix)
        return record is not None and record.body["revoked_at"] is None

    async def verify(self, kind: Kind, raw_key: str | None) -> Document:
        """The record of a live key. Malformed, unknown and revoked raise the same Unauthorized (KEY-011)."""
        raw = keys.parse(kind, raw_key or "")
        record = await self._store.get(kind, raw.prefix) if raw else None
        stored = record.body["digest"] if record and record.body["revoked_at"] is None else None
        if not keys.matches(raw.secret if raw else "", stored, self._pepper) or record is None:
            raise Unauthorized
        return record

    async def issue(self, kind: Kind, body: JsonObject) -> RawKey:
        """Mint a key and store its record: `body`, the digest and the dates (Unix seconds)."""
        while True:
            raw = keys.mint(kind, secrets.token_bytes(keys.ENTROPY_BYTES))
            dates = {"created_at": self._clock.now(), "revoked_at": None}
            record = {**body, "digest": keys.digest(raw.secret, self._pepper), **dates}
            try:
                await self._store.put(kind, raw.prefix, record, expected_version=0)
            except Conflict:  # the prefix is taken: one in 2**40
                continue
            return raw

    async def record(self, kind: Kind, prefix: str) -> Document:
        """The record of a key, live or revoked. Raises NotFound."""
        found = await self._store.get(kind, prefix)
        if found is None:
            raise NotFound("No key has this prefix.")
        return found

    async def revoke(self, kind: Kind, prefix: str) -> Document:
        """Make a key look unknown from now on. Raises NotFound."""
        return await self.amend(kind, prefix, {"revoked_at": self._clock.now()})

    async def restore(self, kind: Kind, prefix: str) -> Document:
        """Make the same raw key work again. Raises NotFound."""
        return await self.amend(kind, prefix, {"revoked_at": None})

    async def amend(self, kind: Kind, prefix: str, fields: dict[str, Any]) -> Document:
        """Change fields of a record. Raises NotFound."""
        await self.record(kind, prefix)
        return await change(self._store, kind, prefix, lambda body: {**body, **fields})


def pepper(settings: Settings) -> bytes:
    """The server secret: from the settings, else the file `pepper` in the data folder, made once."""
    if configured := settings.pepper.get_secret_value():
        return configured.encode()
    path = settings.data / "pepper"
    if not path.exists():
        _create_pepper(path)
    return path.read_bytes()


def _create_pepper(path: Path) -> None:
    """Write the file whole under a private name, then link it in place: the first process wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".pepper-{secrets.token_hex(8)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_hex(32).encode())
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
