"""Where a pull works: below the folder of weights, so that what is ready needs only a new name."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from deployments.checkpoints.errors import DISK_FULL, CheckpointError, NoRoom
from deployments.checkpoints.files import files_in, megabytes

NAME = ".pulling"
ROOM = 64 * 1024 * 1024
"""Left free on the disk: a full one stops everything else on the machine."""


@contextmanager
def working_folder(models: Path, name: str, say: Callable[[str], None]) -> Iterator[Path]:
    """The folder of this name's pull, for one process at a time; the system lets go of it when that dies.

    What is in it stays for the next try, but not on a full disk. Raises NoRoom there, CheckpointError when it
    cannot be written.
    """
    work = models / NAME / name
    try:
        work.mkdir(parents=True, exist_ok=True)
        with _lock(
            work.with_suffix(work.suffix + ".lock"), f"{name}: somebody else is pulling it; waiting", say
        ):
            try:
                yield work
            except (OSError, NoRoom) as failure:
                if isinstance(failure, NoRoom) or failure.errno in DISK_FULL:
                    shutil.rmtree(work, ignore_errors=True)
                raise
            finally:
                if work.exists() and not any(files_in(work)):
                    shutil.rmtree(work)
    except NoRoom as full:
        raise NoRoom(f"{name}: no room in {models}: {full}") from full
    except OSError as failure:
        if failure.errno in DISK_FULL:
            raise NoRoom(f"{name}: no room in {models}: {failure.strerror}") from failure
        raise CheckpointError(f"{name}: {failure.filename}: {failure.strerror}") from failure


def require_room(needed: int, work: Path) -> None:
    """Raises NoRoom when so many bytes, less those that are here already, would fill the disk."""
    missing = needed - sum((work / name).stat().st_size for name in files_in(work)) + ROOM
    free = shutil.disk_usage(work).free
    if missing > free:
        raise NoRoom(f"it needs {megabytes(missing)}, there are {megabytes(free)}")


@contextmanager
def _lock(path: Path, waiting: str, say: Callable[[str], None]) -> Iterator[None]:
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        say(waiting)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
