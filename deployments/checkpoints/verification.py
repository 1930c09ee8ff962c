"""Whether weights are the bytes they should be: at a glance when an engine starts, in full on demand."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from deployments.checkpoints.catalogue import Checkpoint
from deployments.checkpoints.errors import CheckpointError
from deployments.checkpoints.files import Recorded, recorded, require
from deployments.checkpoints.record import Record, hashed
from deployments.checkpoints.sources.folder import Folder


def locate(name: str, checkpoint: Checkpoint, models: Path) -> Path | None:
    """A folder filled by hand, or the pulled one; None when neither is there."""
    by_hand = (source for source in checkpoint.sources if isinstance(source, Folder) and source.is_filled())
    folder = next((source.folder for source in by_hand), models / name)
    return folder if folder.is_dir() else None


def check(folder: Path, checkpoint: Checkpoint, *, full: bool = False) -> Record | None:
    """Raises CheckpointError for missing or other bytes; the record, or None when nothing was recorded yet.

    At a glance a file whose size and time are the recorded ones is taken to be what it was; `full` hashes
    all of it.
    """
    record = Record.read(folder)
    if record is None:
        _check_unrecorded(folder, checkpoint, full=full)
        return None
    files = {name: _now(folder / name, was, full=full) for name, was in record.files.items()}
    _require_source(record, checkpoint)
    if files != record.files:  # copied, with other times
        record = record.model_copy(update={"files": files})
        with suppress(OSError):  # a folder that may not be written is hashed again the next time
            record.write(folder)
    return record


def _now(path: Path, was: Recorded, *, full: bool) -> Recorded:
    if not path.is_file():
        raise CheckpointError(f"{path} is missing")
    stat = path.stat()
    if stat.st_size != was.bytes:
        raise CheckpointError(f"{path} has {stat.st_size} bytes, not {was.bytes}")
    if stat.st_mtime_ns == was.mtime_ns and not full:
        return was
    now = recorded(path)
    if now.sha256 != was.sha256:
        raise CheckpointError(f"{path} has the SHA-256 {now.sha256}, not {was.sha256}")
    return now


def _require_source(record: Record, checkpoint: Checkpoint) -> None:
    """The catalogue may have changed since: its word holds."""
    source = next((source for source in checkpoint.sources if source.label == record.source), None)
    if source is None:
        raise CheckpointError(f"it came from {record.source}, which the catalogue no longer names")
    revision = getattr(source, "revision", None)
    if source.pinned and revision not in (None, record.revision):
        raise CheckpointError(f"it is revision {record.revision}, not {revision}")
    require(record.files, source.expected)


def _check_unrecorded(folder: Path, checkpoint: Checkpoint, *, full: bool) -> None:
    source = next(
        (each for each in checkpoint.sources if isinstance(each, Folder) and each.folder == folder), None
    )
    if source is None:
        raise CheckpointError(f"{folder} was not pulled as a whole")
    for name, facts in source.expected.items():
        path = folder / name
        if not path.is_file():
            raise CheckpointError(f"{path} is missing")
        if facts.bytes not in (None, path.stat().st_size):
            raise CheckpointError(f"{path} has {path.stat().st_size} bytes, not {facts.bytes}")
    if full:
        require(hashed(folder), source.expected)
