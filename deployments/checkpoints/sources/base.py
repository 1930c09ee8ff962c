"""What every kind of source can say about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deployments.checkpoints.files import Facts, Model


class Conversion(Model):
    """Makes the folder that an engine reads from a published file."""

    call: str
    """`package.module:function`, called with the path of the file and the folder to write."""
    file: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a source gave, and what it says about it."""

    files: Mapping[str, Facts]
    """What they must be: the catalogue's hashes, and those that the source publishes itself."""
    revision: str | None = None
    """The commit, where there are commits."""


class Fetchable(Model):
    """A source that is somewhere else."""

    @property
    def label(self) -> str:
        """For people, and for the record: where the bytes are from."""
        raise NotImplementedError

    @property
    def pinned(self) -> bool:
        """Whether the catalogue itself says which bytes these are."""
        raise NotImplementedError

    @property
    def conversion(self) -> Conversion | None:
        """What is to be done with the files."""
        return None

    @property
    def expected(self) -> Mapping[str, Facts]:
        """Files of the published folder of which something is known."""
        return {}

    def room(self) -> int:
        """Bytes on the disk at the fullest moment; 0 where nobody knows. Raises SourceFailed."""
        raise NotImplementedError

    def fetch(self, folder: Path, scratch: Path, name: str) -> Fetched:
        """Put the files into `folder`; what an earlier try left in both is continued. `name` is shown.

        Raises SourceFailed when they cannot be had, OSError when they cannot be written.
        """
        raise NotImplementedError
