"""Brings weights to this machine: whole and right, or not at all."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType

from filelock import FileLock, Timeout

from deployments.checkpoints.catalogue import Checkpoint
from deployments.checkpoints.errors import DISK_FULL, CheckpointError, NoRoom, SourceFailed
from deployments.checkpoints.files import files_in, megabytes, require
from deployments.checkpoints.record import Record, hashed
from deployments.checkpoints.sources.base import Conversion, Fetchable
from deployments.checkpoints.sources.folder import Folder
from deployments.checkpoints.verification import check, locate
from deployments.serving.loader import imported
from serve_app.errors import EngineNotInstalled

WORK = ".pulling"
"""Below the folder of weights, so that what is ready needs only a new name."""
ROOM = 64 * 1024 * 1024
"""Left free on the disk: a full one stops everything else on the machine."""

Say = Callable[[str], None]


class Pull:
    """One name of the catalogue; several pulls of it, also of other processes, do the work once."""

    def __init__(self, name: str, checkpoint: Checkpoint, models: Path, say: Say) -> None:
        """`say` is given lines for the operator."""
        self._name, self._checkpoint, self._models, self._say = name, checkpoint, models, say
        self._work = models / WORK / name
        self._damage: CheckpointError | None = None

    def run(self, *, accepted: bool = False) -> Path:
        """The folder of the weights; fetches nothing that is here and right.

        `accepted` is the operator's word for a licence that restricts business. Raises CheckpointError.
        """
        if (here := self._here()) is not None:
            return here
        self._require_licence(accepted)
        with self._disk(), self._lock():
            return self._here() or self._first_that_works()

    def _here(self) -> Path | None:
        folder = locate(self._name, self._checkpoint, self._models)
        if folder is None:
            return None
        try:
            record = check(folder, self._checkpoint)
        except CheckpointError as damage:
            if folder != self._models / self._name:
                raise CheckpointError(f"{damage}; put this folder right, or move it away") from damage
            self._damage = damage
            return None
        if record is None:
            self._adopt(folder)
        return folder

    def _adopt(self, folder: Path) -> None:
        """Record what somebody put here, so that it is verified from now on."""
        source = next(
            each for each in self._checkpoint.sources if isinstance(each, Folder) and each.folder == folder
        )
        files = hashed(folder)
        require(files, source.expected)
        try:
            Record(source=source.label, licence=self._checkpoint.licence, files=files).write(folder)
        except OSError as refused:
            self._say(
                f"{self._name}: {folder} cannot be written ({refused.strerror}): its hashes are not kept"
            )

    def _require_licence(self, accepted: bool) -> None:
        if not self._checkpoint.commercial and not accepted:
            raise CheckpointError(
                f"{self._name}: its licence, {self._checkpoint.licence}, restricts commercial use. Read it, "
                f"then kaleido models pull {self._name} --accept-licence {self._name}"
            )

    def _first_that_works(self) -> Path:
        if self._damage:
            self._say(f"{self._name}: {self._damage}; pulling it again")
        for source in self._checkpoint.sources:
            try:
                if isinstance(source, Folder):
                    raise SourceFailed(f"{source.label}: there is nothing")
                return self._from(source)
            except SourceFailed as failure:
                self._say(f"{self._name}: {failure}")
        if not any(files_in(self._work)):
            shutil.rmtree(self._work)
        raise CheckpointError(f"{self._name}: no source could give it")

    def _from(self, source: Fetchable) -> Path:
        """What a cut pull left is continued, by the same source only."""
        convert = _callable(source.conversion)
        work = self._work / hashlib.sha256(source.model_dump_json().encode()).hexdigest()[:16]
        folder, scratch, converted = work / "files", work / "scratch", work / "converted"
        for made in (folder, scratch):
            made.mkdir(parents=True, exist_ok=True)
        self._require_room(source.room(), work)
        self._say(f"{self._name}: from {source.label} (licence: {self._checkpoint.licence})")
        fetched = source.fetch(folder, scratch, self._name)
        files = hashed(folder)
        self._require(source, work, lambda: require(files, fetched.files))
        if source.conversion and convert:
            shutil.rmtree(converted, ignore_errors=True)
            self._require(source, work, lambda: convert(folder / source.conversion.file, converted))
            folder, files = converted, hashed(converted)
        Record(
            source=source.label, revision=fetched.revision, licence=self._checkpoint.licence, files=files
        ).write(folder)
        return self._publish(folder)

    def _require(self, source: Fetchable, work: Path, step: Callable[[], None]) -> None:
        """What a source gave is no use: it goes, and the next source is asked."""
        try:
            step()
        except (CheckpointError, ValueError) as wrong:
            shutil.rmtree(work)
            raise SourceFailed(f"{source.label}: {wrong}") from wrong

    def _require_room(self, room: int, work: Path) -> None:
        begun = sum(path.stat().st_size for path in work.rglob("*") if path.is_file())
        free = shutil.disk_usage(work).free
        if room - begun + ROOM > free:
            raise NoRoom(f"it needs {megabytes(room - begun + ROOM)}, there are {megabytes(free)}")

    def _publish(self, folder: Path) -> Path:
        """The folder under its name, in one step; what was damaged is moved away just before."""
        target = self._models / self._name
        if target.exists():
            target.rename(self._work / "damaged")
        folder.rename(target)
        shutil.rmtree(self._work)
        return target

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """A full disk is told as such, and what was begun leaves it."""
        try:
            (self._models / WORK).mkdir(parents=True, exist_ok=True)
            yield
        except (OSError, NoRoom) as failure:
            if not isinstance(failure, NoRoom) and failure.errno not in DISK_FULL:
                raise CheckpointError(f"{self._name}: {failure.filename}: {failure.strerror}") from failure
            shutil.rmtree(self._work, ignore_errors=True)
            why = failure if isinstance(failure, NoRoom) else failure.strerror
            raise NoRoom(f"{self._name}: no room in {self._models}: {why}") from failure

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """The system lets go of it when a process dies."""
        lock = FileLock(self._models / WORK / f"{self._name}.lock")
        try:
            lock.acquire(blocking=False)
        except Timeout:
            self._say(f"{self._name}: somebody else is pulling it; waiting")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()


def _callable(conversion: Conversion | None) -> Callable[[Path, Path], None] | None:
    """Before gigabytes are fetched: what turns them into a checkpoint must be installed."""
    if conversion is None:
        return None
    try:
        function: Callable[[Path, Path], None] = imported(conversion.call, FunctionType)
    except EngineNotInstalled as missing:
        raise CheckpointError(missing.message) from missing
    return function
