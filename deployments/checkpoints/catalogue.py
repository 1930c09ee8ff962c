"""The catalogue of weights, `configs/models.yaml`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, RootModel, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from deployments.checkpoints.errors import CheckpointError
from deployments.checkpoints.files import Model
from deployments.checkpoints.sources import Source

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
"""Also the name of a folder."""


class Place(BaseSettings):
    """Where weights and their catalogue are on this machine: `KALEIDO_MODELS`, `KALEIDO_CATALOGUE`."""

    model_config = SettingsConfigDict(env_prefix="KALEIDO_", frozen=True)

    data: Path = Path(".kaleido")
    models: Path | None = None
    """Folder of what was pulled, one folder for each name; None: `models` in the data folder."""
    catalogue: Path = Path(__file__).parents[2] / "configs" / "models.yaml"
    """The file of the checkout; a node where only the package is installed is given a copy."""

    @property
    def folder(self) -> Path:
        """Of what was pulled."""
        return (self.models or self.data / "models").absolute()


class Checkpoint(Model):
    """One set of weights."""

    licence: Annotated[str, Field(min_length=1)]
    """SPDX identifier, or a name."""
    commercial: bool = True
    """Whether a business may use it without asking; where not, its licence must be accepted by name."""
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    """Tried in this order."""


class Catalogue(RootModel[dict[Name, Checkpoint]]):
    """All weights, by name."""

    def __iter__(self) -> Iterator[str]:  # type: ignore[override]  # of the names, not of pydantic's fields
        return iter(self.root)

    def __getitem__(self, name: str) -> Checkpoint:
        """Raises CheckpointError for a name that is not there."""
        if name not in self.root:
            raise CheckpointError(f"no weights are called {name!r}: one of {', '.join(self.root)}")
        return self.root[name]


def read_catalogue(path: Path) -> Catalogue:
    """Raises CheckpointError for a file that is missing or wrong, with one line for each mistake."""
    try:
        return Catalogue(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as missing:
        text = f"the catalogue of weights {path} cannot be read ({missing.strerror}): set KALEIDO_CATALOGUE"
        raise CheckpointError(text) from missing
    except yaml.YAMLError as wrong:
        raise CheckpointError(f"{path}: {wrong}") from wrong
    except ValidationError as wrong:
        lines = (f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in wrong.errors())
        raise CheckpointError("\n".join((f"{path}:", *lines))) from wrong
