"""What is known of a checkpoint's files: in the catalogue, and in the record beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, PositiveInt, StringConstraints

from deployments.checkpoints.errors import CheckpointError

Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


class Model(BaseModel):
    """A part of the catalogue or of a record: typos are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Facts(Model):
    """A file that a source gives. Without a hash it is taken as it comes, once, and recorded."""

    sha256: Sha256 | None = None
    bytes: PositiveInt | None = None


class Recorded(Model):
    """A file as it was when it was hashed. While size and time stay, so do the bytes, we take it."""

    sha256: Sha256
    bytes: int
    mtime_ns: int


def _inside(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError(f"{name!r} is no path inside a folder")
    return name


FileName = Annotated[str, AfterValidator(_inside)]
"""Path of a file inside its folder, with `/`."""


def sha256_of(path: Path) -> str:
    """Hash of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def recorded(path: Path) -> Recorded:
    """Hash a file now."""
    stat = path.stat()
    return Recorded(sha256=sha256_of(path), bytes=stat.st_size, mtime_ns=stat.st_mtime_ns)


def files_in(folder: Path) -> Iterator[str]:
    """Names of all files below a folder, in order."""
    return (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file())


def require(found: Mapping[str, Recorded], wanted: Mapping[str, Facts]) -> None:
    """Raises CheckpointError that names the first file which is not as it should be."""
    for name, facts in wanted.items():
        if name not in found:
            raise CheckpointError(f"{name} is missing")
        if facts.bytes not in (None, found[name].bytes):
            raise CheckpointError(f"{name} has {found[name].bytes} bytes, not {facts.bytes}")
        if facts.sha256 not in (None, found[name].sha256):
            raise CheckpointError(f"{name} has the SHA-256 {found[name].sha256}, not {facts.sha256}")


def megabytes(size: int) -> str:
    """For people."""
    return f"{size / 1e6:.1f} MB" if size < 10e6 else f"{size / 1e6:.0f} MB"
