"""What storage must do: a handful of atomic verbs, with two implementations (`sqlite`, `redis`).

Nothing else in the product keeps state, so any process may die at any time. Every verb is atomic across
processes and raises StoreUnavailable when the store cannot be reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

JsonObject = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON object with a version that grows by one with each write, from 1."""

    key: str
    version: int
    body: JsonObject


@dataclass(frozen=True, slots=True)
class WindowHit:
    """The answer of a rate window."""

    allowed: bool
    limit: int
    remaining: int
    reset_s: float
    """Seconds until the window has room again (when refused) or is empty again (when allowed)."""


class Documents(Protocol):
    """Versioned JSON documents in named collections."""

    async def get(self, collection: str, key: str) -> Document | None:
        """The document, or None when absent or expired."""
        ...

    async def put(
        self,
        collection: str,
        key: str,
        body: JsonObject,
        *,
        expected_version: int | None = None,
        ttl_s: float | None = None,
    ) -> Document:
        """Write a document. `expected_version` 0 means "must not exist". Raises Conflict when it differs."""
        ...

    async def delete(self, collection: str, key: str) -> bool:
        """Remove a document; False when there was none."""
        ...

    async def list(self, collection: str) -> list[Document]:
        """All live documents of a collection, ordered by key."""
        ...


class Counters(Protocol):
    """Counters with a window (QUO-008)."""

    async def hit(self, name: str, *, limit: int, window_s: float) -> WindowHit:
        """Count one event if fewer than `limit` happened in the last `window_s` seconds."""
        ...

    async def add(self, name: str, amount: float, *, ttl_s: float, once: str | None = None) -> float:
        """Add to a running total that is forgotten `ttl_s` after its first write; gives the new total.

        `once` names the event: adding it again changes nothing, so an add whose answer was lost can be
        retried without counting twice (QUO-010). Event names are remembered as long as the total.
        """
        ...

    async def total(self, name: str) -> float:
        """The running total, 0.0 when absent."""
        ...


class Leases(Protocol):
    """Counted slots with a time to live (QUO-009)."""

    async def acquire(self, name: str, holder: str, *, limit: int, ttl_s: float) -> bool:
        """Take one of `limit` slots; a holder that has one already renews it. False when all are held."""
        ...

    async def renew(self, name: str, holder: str, *, ttl_s: float) -> bool:
        """Keep a slot; False when it was lost (expired or released)."""
        ...

    async def release(self, name: str, holder: str) -> None:
        """Give a slot back; giving back an unknown slot is no error."""
        ...

    async def held(self, name: str) -> int:
        """How many slots are held now."""
        ...
