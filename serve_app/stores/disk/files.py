"""Files on a disk, or on a mount that all nodes share (OUT-001, OUT-002, JOB-006).

The bytes lie in a folder; whose they are, and until when, is a document of the store. A file exists when its
document does: that is written last, and expires at once, whenever the bytes are swept.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from serve_app.errors import Conflict, NotFound
from serve_app.stores.disk import blocking as private_files
from serve_app.stores.disk.blocking import disk_failures
from serve_app.stores.file_protocol import StoredFile
from serve_app.stores.protocols import Documents

COLLECTION = "files"
SAFE_PATH = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+", re.ASCII)
"""Plain names in at least one folder; none is hidden, empty, `..` or absolute."""
GRACE_S = 86_400.0
"""Bytes without a document are left alone this long after they were written: a draft may still be on its way,
and an operator who pointed the server at the wrong store has a day to notice before new files go."""


class DiskFiles:
    """Files below one root folder, which holds nothing else."""

    def __init__(self, root: Path, documents: Documents) -> None:
        self._shown = root / "uploads"
        self._drafts = root / "drafts"  # on the same file system, so that a rename is atomic
        self._documents = documents

    @asynccontextmanager
    async def draft(
        self, path: str, *, team: str, media_type: str, keep_s: float | None
    ) -> AsyncIterator[Path]:
        """See `Files.draft`; replaces an earlier file of this name. Raises ValueError for an unsafe path."""
        location = self._location(path)
        partial = self._drafts / f"{secrets.token_hex(16)}{location.suffix}"
        try:
            with disk_failures():
                await asyncio.to_thread(private_files.create, partial)
                yield partial
                size = await asyncio.to_thread(private_files.publish, partial, location)
        finally:
            await asyncio.to_thread(partial.unlink, missing_ok=True)
        body = {"team": team, "media_type": media_type, "size": size}
        await self._documents.put(COLLECTION, path, body, ttl_s=keep_s)

    async def write(
        self, path: str, content: bytes, *, team: str, media_type: str, keep_s: float | None
    ) -> StoredFile:
        """See `Files.write`."""
        async with self.draft(path, team=team, media_type=media_type, keep_s=keep_s) as partial:
            await asyncio.to_thread(partial.write_bytes, content)
        return StoredFile(path, team, media_type, len(content), self._location(path))

    async def find(self, path: str, *, team: str | None) -> StoredFile:
        """See `Files.find`. A link or a folder in the place of the file is no file."""
        found = await self._documents.get(COLLECTION, path) if SAFE_PATH.fullmatch(path) else None
        if found is None or team not in (None, found.body["team"]):
            raise NotFound
        location = self._location(path)
        if not await asyncio.to_thread(private_files.is_regular, location):
            raise NotFound
        return StoredFile(path, location=location, **found.body)

    async def keep(self, path: str, *, keep_s: float) -> None:
        """See `Files.keep`. One that is replaced or removed at this moment is left as it is."""
        if found := await self._documents.get(COLLECTION, path):
            with suppress(Conflict):
                await self._documents.put(
                    COLLECTION, path, found.body, expected_version=found.version, ttl_s=keep_s
                )

    async def delete(self, path: str) -> None:
        """See `Files.delete`. Raises ValueError for an unsafe path."""
        location = self._location(path)
        await self._documents.delete(COLLECTION, path)
        await asyncio.to_thread(location.unlink, missing_ok=True)

    async def sweep(self) -> int:
        """See `Files.sweep`. Also removes what killed writers left behind."""
        horizon = time.time() - GRACE_S  # the clock that dates files
        old = await asyncio.to_thread(private_files.old_files, [self._shown, self._drafts], horizon)
        kept = {self._shown / found.key for found in await self._documents.list(COLLECTION)}
        return await asyncio.to_thread(
            private_files.remove, [file for file in old if file not in kept], horizon
        )

    def _location(self, path: str) -> Path:
        if not SAFE_PATH.fullmatch(path):
            raise ValueError("A stored file needs a plain relative path.")
        return self._shown / path
