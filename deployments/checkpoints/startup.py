"""What a start brings by itself: weights of rows that can also do without them."""

from __future__ import annotations

import os
from pathlib import Path

import click

from deployments.checkpoints.catalogue import Place, read_catalogue
from deployments.checkpoints.errors import CheckpointError
from deployments.checkpoints.options import named_weights, with_paths
from deployments.checkpoints.pull import Pull
from deployments.config import model_rows, read_config

LIGHT = "LIGHT"
"""`LIGHT=1`: a start fetches nothing; weights that are here are used all the same."""


def bring_weights(config: Path) -> list[str]:
    """Pull what rows with a fallback name and is not here; the names that are missing still.

    Never a reason not to start: without the network, room or the right bytes the fallback answers. Weights
    of other rows may have the size of a disk: those an operator pulls.
    """
    place = Place()
    rows = [row for row in model_rows(read_config(config)) if row.fallback]
    names = dict.fromkeys(name for row in rows for name in named_weights(row.options))
    return [name for name in names if not _is_here(name, place) and not _brought(name, place)]


def _is_here(name: str, place: Place) -> bool:
    try:
        with_paths({"weights": name}, place)
    except CheckpointError:
        return False
    return True


def _brought(name: str, place: Place) -> bool:
    if os.environ.get(LIGHT, "0") not in ("", "0"):
        return False
    try:
        Pull(name, read_catalogue(place.catalogue)[name], place.folder, _say).run()
    except CheckpointError as failure:
        _say(f"{failure}\nGoing on without {name}; later: kaleido models pull {name}")
        return False
    return True


def _say(line: str) -> None:
    click.echo(line, err=True)
