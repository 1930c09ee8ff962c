"""What is done to files on the disk; every call here blocks, and belongs on a thread."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serve_app.errors import StorageFull

DISK_FAILED = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.ESTALE, errno.ENODEV}
)
"""Full, over a quota, over a size limit, broken, read-only or gone: the disk's fault, not the program's."""


def create(partial: Path) -> None:
    """An empty file that only we may read."""
    _make_folder(partial.parent)
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _make_folder(folder: Path) -> None:
    # Path.mkdir(parents=True) would give the parents the mode of the umask.
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def publish(partial: Path, location: Path) -> int:
    """Move a whole file into its place, safe from a power cut; its bytes."""
    _make_folder(location.parent)
    _sync(partial)
    size = partial.stat().st_size
    partial.replace(location)
    _sync(location.parent)
    return size


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def is_regular(location: Path) -> bool:
    try:
        return stat.S_ISREG(location.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def old_files(folders: list[Path], horizon: float) -> list[Path]:
    """Every file below the folders that was last written before the horizon."""
    walks = (step for folder in folders for step in os.walk(folder))
    files = (Path(parent, name) for parent, _, names in walks for name in names)
    return [file for file in files if _is_old(file, horizon)]


def _is_old(file: Path, horizon: float) -> bool:
    try:
        return file.lstat().st_mtime < horizon
    except FileNotFoundError:  # another process sweeps too
        return False


def remove(files: list[Path], horizon: float) -> int:
    """Remove those that are still old: one may have been replaced since it was listed. How many."""
    old = [file for file in files if _is_old(file, horizon)]
    for file in old:
        file.unlink(missing_ok=True)
    return len(old)


@contextmanager
def disk_failures() -> Iterator[None]:
    """Turns the failures of a disk into StorageFull; around a block on a thread, or one that awaits it."""
    try:
        yield
    except OSError as failed:
        if failed.errno in DISK_FAILED:
            raise StorageFull from failed
        raise
