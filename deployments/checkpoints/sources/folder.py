"""A folder that somebody filled by hand; it is used where it lies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from deployments.checkpoints.files import Facts, FileName, Model


class Folder(Model):
    """Nothing is copied: a checkpoint can have the size of a disk."""

    folder: Path
    files: Mapping[FileName, Facts] = Field(default={})
    """Those of which something is known."""

    @property
    def label(self) -> str:
        """For people, and for the record."""
        return f"folder {self.folder}"

    @property
    def pinned(self) -> bool:
        """Whether the catalogue itself says which bytes these are."""
        return any(facts.sha256 for facts in self.files.values())

    @property
    def expected(self) -> Mapping[str, Facts]:
        """Files of which something is known."""
        return self.files

    def is_filled(self) -> bool:
        """Whether there is anything in it."""
        return self.folder.is_dir() and any(self.folder.iterdir())
