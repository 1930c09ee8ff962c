"""Brings weights to this machine: whole and right, or not at all."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from types import FunctionType

from deployments.checkpoints.catalogue import Checkpoint
from deployments.checkpoints.errors import CheckpointError, SourceFailed, WrongBytes
from deployments.checkpoints.files import require
from deployments.checkpoints.record import Record, hashed
from deployments.checkpoints.sources.base import Conversion, Fetchable
from deployments.checkpoints.sources.folder import Folder
from deployments.checkpoints.verification import check, locate
from deployments.checkpoints.working_folder import require_room, working_folder
from deployments.serving.loader import imported
from serve_app.errors import EngineNotInstalled

Convert = Callable[[Path, Path], None]


class Pull:
    """One name of the catalogue; several pulls of it, also of other processes, do the work once."""

    def __init__(self, name: str, checkpoint: Checkpoint, models: Path, say: Callable[[str], None]) -> None:
        """`say` is given lines for the operator."""
        self._name, self._checkpoint, self._models, self._say = name, checkpoint, models, say
        self._damage: CheckpointError | None = None

    def run(self, *, accepted: bool = False) -> Path:
        """The folder of the weights; fetches nothing that is here and right.

        `accepted` is the operator's word for a licence that restricts business. Raises CheckpointError.
        """
        if (here := self._here()) is not None:
            return here
        self._require_licence(accepted)
        with working_folder(self._models, self._name, self._say) as work:
            return self._here() or self._first_that_works(work)

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
        by_hand = (source for source in self._checkpoint.sources if isinstance(source, Folder))
        source = next(source for source in by_hand if source.folder == folder)
        files = hashed(folder)
        require(files, source.expected)
        try:
            Record(source=source.label, licence=self._checkpoint.licence, files=files).write(folder)
        except OSError as refused:
            self._say(f"{self._name}: {folder}: {refused.strerror}: its hashes are not kept")

    def _require_licence(self, accepted: bool) -> None:
        if not self._checkpoint.commercial and not accepted:
            raise CheckpointError(
                f"{self._name}: its licence, {self._checkpoint.licence}, restricts commercial use. Read it, "
                f"then kaleido models pull {self._name} --accept-licence {self._name}"
            )

    def _first_that_works(self, work: Path) -> Path:
        if self._damage:
            self._say(f"{self._name}: {self._damage}; pulling it again")
        for source in self._checkpoint.sources:
            # Each continues what it began itself.
            own = work / hashlib.sha256(source.model_dump_json().encode()).hexdigest()[:16]
            try:
                if isinstance(source, Folder):
                    raise SourceFailed(f"{source.label}: there is nothing")
                return self._published(self._fetched(source, own), work)
            except SourceFailed as failure:
                self._say(f"{self._name}: {failure}")
                if isinstance(failure, WrongBytes):
                    shutil.rmtree(own)
        raise CheckpointError(f"{self._name}: no source could give it")

    def _fetched(self, source: Fetchable, work: Path) -> Path:
        """A folder with the right bytes, converted where that is needed, and their record."""
        convert = _callable(source.conversion)
        folder, scratch = work / "files", work / "scratch"
        for made in (folder, scratch):
            made.mkdir(parents=True, exist_ok=True)
        require_room(source.room(), work)
        self._say(f"{self._name}: from {source.label} (licence: {self._checkpoint.licence})")
        fetched = source.fetch(folder, scratch, self._name)
        try:
            files = hashed(folder)
            require(files, fetched.files)
            if convert:
                folder = convert(folder, work / "converted")
                files = hashed(folder)
        except (CheckpointError, ValueError) as wrong:  # converters raise ValueError
            raise WrongBytes(f"{source.label}: {wrong}") from wrong
        licence = self._checkpoint.licence
        Record(source=source.label, revision=fetched.revision, licence=licence, files=files).write(folder)
        return folder

    def _published(self, folder: Path, work: Path) -> Path:
        """The folder under its name, in one step; what was damaged is moved away just before."""
        target = self._models / self._name
        if target.exists():
            target.rename(work / "damaged")
        folder.rename(target)
        shutil.rmtree(work)
        return target


def _callable(conversion: Conversion | None) -> Callable[[Path, Path], Path] | None:
    """Before gigabytes are fetched: what turns them into a checkpoint must be installed."""
    if conversion is None:
        return None
    try:
        function: Convert = imported(conversion.call, FunctionType)
    except EngineNotInstalled as missing:
        raise CheckpointError(missing.message) from missing

    def convert(folder: Path, converted: Path) -> Path:
        shutil.rmtree(converted, ignore_errors=True)
        function(folder / conversion.file, converted)
        return converted

    return convert
