"""The record beside pulled weights: where they are from, and what each file was when it was hashed."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError

from deployments.checkpoints.errors import CheckpointError
from deployments.checkpoints.files import FileName, Model, Recorded, files_in, recorded

FILE = "weights.lock.json"


class Record(Model):
    """Lies in the folder of the weights and goes where they go."""

    source: str
    """Its label."""
    revision: str | None = None
    """The commit of a hub's repository."""
    licence: str
    files: dict[FileName, Recorded]

    @classmethod
    def read(cls, folder: Path) -> Record | None:
        """None where there is none. Raises CheckpointError for one that cannot be understood."""
        path = folder / FILE
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as wrong:
            raise CheckpointError(f"{path} is no record of ours") from wrong

    def write(self, folder: Path) -> None:
        """Replace what is there, whole. Raises OSError."""
        fresh = folder / f"{FILE}.new"
        fresh.write_text(self.model_dump_json(indent=1), encoding="utf-8")
        os.replace(fresh, folder / FILE)

    @property
    def bytes(self) -> int:
        """Of all files together."""
        return sum(file.bytes for file in self.files.values())


def hashed(folder: Path) -> dict[str, Recorded]:
    """Every file of a folder but the record, hashed now."""
    return {name: recorded(folder / name) for name in files_in(folder) if name != FILE}
