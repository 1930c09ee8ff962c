"""Changing a document that others may change at the same time."""

from __future__ import annotations

from collections.abc import Callable

from serve_app.errors import Conflict, NotFound
from serve_app.stores import Document, Documents, JsonObject

ATTEMPTS = 20
"""People and operators change these documents; losing twenty races in a row means something is stuck."""


async def change(
    documents: Documents, collection: str, key: str, edit: Callable[[JsonObject], JsonObject]
) -> Document:
    """Apply `edit` to the newest version. Raises NotFound, what `edit` raises, and Conflict at the end."""
    for _ in range(ATTEMPTS):
        found = await documents.get(collection, key)
        if found is None:
            raise NotFound
        edited = edit(found.body)  # outside the try: a Conflict of its own is the answer
        try:
            return await documents.put(collection, key, edited, expected_version=found.version)
        except Conflict:
            continue
    raise Conflict
