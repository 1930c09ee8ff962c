"""What storage must do for files."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is whole."""

    path: str
    """Its public name below `/uploads/`, for example `generations/tts/tts_f5_20260605_<suffix>.wav`."""
    team: str
    """The id of the team that owns it."""
    media_type: str
    size: int
    """Bytes."""
    location: Path
    """Where it lies; never shown to a caller (ERR-020)."""


class Files(Protocol):
    """Generated and uploaded files (OUT-001, OUT-002, JOB-006). No half file is ever visible.

    A `path` is made by our own code, never by a caller. What a caller hands in is only looked up.
    """

    def draft(
        self, path: str, *, team: str, media_type: str, keep_s: float | None
    ) -> AbstractAsyncContextManager[Path]:
        """A new file to write at the path given; it appears, whole, when the block ends without an error, and
        never when it ends with one. `keep_s` None: for ever. Raises StorageFull when the disk is full."""
        ...

    async def write(
        self, path: str, content: bytes, *, team: str, media_type: str, keep_s: float | None
    ) -> StoredFile:
        """A small file in one go. Raises StorageFull."""
        ...

    async def find(self, path: str, *, team: str | None) -> StoredFile:
        """A file of this team; `None` for any team (signed URLs). Raises NotFound: absent, foreign."""
        ...

    async def keep(self, path: str, *, keep_s: float) -> None:
        """Keep a file so long from now, whatever was said before; an absent one is no error."""
        ...

    async def delete(self, path: str) -> None:
        """Remove a file; an absent one is no error."""
        ...

    async def sweep(self) -> int:
        """Remove expired files from the disk; how many."""
        ...
