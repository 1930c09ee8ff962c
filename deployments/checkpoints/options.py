"""Engine options that name weights: `{weights: vocos}`, or one file, `{weights: f5, file: vocab.txt}`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from deployments.checkpoints.catalogue import Place, read_catalogue
from deployments.checkpoints.errors import CheckpointError
from deployments.checkpoints.files import FileName, Model
from deployments.checkpoints.verification import check, locate

MARK = "weights"


class Weights(Model):
    """What stands for a path."""

    weights: str
    file: FileName | None = None


def named_weights(options: Any) -> Iterator[str]:
    """Names of all weights that options ask for, at any depth."""
    if isinstance(options, Mapping):
        if MARK in options:
            yield _weights(options).weights
            return
        options = options.values()
    if not isinstance(options, str) and hasattr(options, "__iter__"):
        for value in options:
            yield from named_weights(value)


def with_paths(options: Any, place: Place | None = None) -> Any:
    """The same options with the paths of verified weights.

    Raises CheckpointError where they are missing or other bytes, with what to do.
    """
    if isinstance(options, Mapping):
        if MARK in options:
            return str(_path(_weights(options), place or Place()))
        return {name: with_paths(value, place) for name, value in options.items()}
    if isinstance(options, list | tuple):
        return [with_paths(value, place) for value in options]
    return options


def _weights(option: Mapping[str, Any]) -> Weights:
    try:
        return Weights(**option)
    except ValidationError as wrong:
        raise CheckpointError(f"{dict(option)}: weights are named as {{weights: NAME, file: ...}}") from wrong


def _path(wanted: Weights, place: Place) -> Path:
    name = wanted.weights
    checkpoint = read_catalogue(place.catalogue)[name]
    folder = locate(name, checkpoint, place.folder)
    if folder is None:
        raise CheckpointError(f"the weights {name} are not in {place.folder}: kaleido models pull {name}")
    try:
        check(folder, checkpoint)
    except CheckpointError as other:
        raise CheckpointError(f"the weights {name}: {other}: kaleido models pull {name}") from other
    path = folder / (wanted.file or "")
    if not path.exists():
        raise CheckpointError(f"the weights {name} have no {wanted.file}")
    return path
