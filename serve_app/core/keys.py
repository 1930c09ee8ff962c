"""Raw keys: minting, parsing, hashing and hiding them (KEY-002, KEY-012, KEY-013)."""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass, field
from enum import StrEnum

ENTROPY_BYTES = 25
"""5 bytes make the 8 characters of a prefix, 20 make a secret of 160 bits (KEY-012 asks for 128)."""
PREFIX_CHARS = 8
NOBODY = "0" * 64
"""Stands in for the digest of an unknown prefix, so that a guess costs the same comparison."""

RAW = re.compile(r"(kvid|kvmt)_([a-z0-9]{8})_([A-Za-z0-9]{22,64})")
"""A secret of 22 letters and digits already holds 128 bits."""
SHOWN_KEY = re.compile(r"(kvid|kvmt)(?:_|%5f)([a-z0-9]{8})(?:_|%5f)\w+", re.IGNORECASE)
SHOWN_QUERY = re.compile(r"(api(?:_|%5f)key=)[^&\s\"']*", re.IGNORECASE)


class Kind(StrEnum):
    """What a raw key opens; its value starts the raw form and names the collection of its records."""

    KEY = "kvid"
    """Every public surface, for a team."""
    MEMBER = "kvmt"
    """The admin surface, for one person."""


@dataclass(frozen=True, slots=True)
class RawKey:
    """A key as its owner holds it; its repr never shows the secret."""

    kind: Kind
    prefix: str
    secret: str = field(repr=False)

    def reveal(self) -> str:
        """The raw form, shown exactly once (KEY-003)."""
        return f"{self.kind}_{self.prefix}_{self.secret}"


def mint(kind: Kind, entropy: bytes) -> RawKey:
    """Make a key from `ENTROPY_BYTES` random bytes."""
    letters = base64.b32encode(entropy).decode("ascii").lower()
    return RawKey(kind, letters[:PREFIX_CHARS], letters[PREFIX_CHARS:])


def parse(kind: Kind, text: str) -> RawKey | None:
    """Read a raw key of this kind; None when it is malformed."""
    found = RAW.fullmatch(text)
    return RawKey(kind, found[2], found[3]) if found and found[1] == kind else None


def digest(secret: str, pepper: bytes) -> str:
    """The stored form of a secret: HMAC-SHA-256 under the server pepper, in hex."""
    return hmac.digest(pepper, secret.encode(), "sha256").hex()


def matches(secret: str, stored: str | None, pepper: bytes) -> bool:
    """Compare in constant time, also when there is nothing to compare with (KEY-012)."""
    return hmac.compare_digest(digest(secret, pepper), stored or NOBODY) and stored is not None


def redact(text: str) -> str:
    """Hide the secret of every key in a text meant for a log or an error (KEY-013, ERR-020)."""
    return SHOWN_KEY.sub(r"\1_\2_***", SHOWN_QUERY.sub(r"\1***", text))
