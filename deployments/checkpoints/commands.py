"""`kaleido models`: list, pull and verify weights on this machine."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from deployments.checkpoints.catalogue import Catalogue, Checkpoint, Place, read_catalogue
from deployments.checkpoints.errors import CheckpointError
from deployments.checkpoints.files import megabytes
from deployments.checkpoints.options import named_weights
from deployments.checkpoints.pull import Pull
from deployments.checkpoints.sources.folder import Folder
from deployments.checkpoints.verification import check, locate
from deployments.config import model_rows, read_config
from serve_app.cli.operation import show

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
wanted_argument = click.argument("wanted", nargs=-1, metavar="[CONFIG|NAME]...")


@click.group()
def models() -> None:
    """Weights of models: kept in KALEIDO_MODELS, named by configs/models.yaml."""


@models.command("list")
@wanted_argument
@json_option
def list_models(wanted: tuple[str, ...], as_json: bool) -> None:
    """List weights: those that a config's rows name, some by name, or all."""
    place, catalogue = Place(), _catalogue()
    show([_row(name, catalogue[name], place) for name in _names(wanted, catalogue) or catalogue], as_json)


@models.command("pull")
@wanted_argument
@click.option("--accept-licence", multiple=True, metavar="NAME", help="You read this one's licence.")
def pull_models(wanted: tuple[str, ...], accept_licence: tuple[str, ...]) -> None:
    """Fetch and verify all that a config's rows need, or weights by name."""
    place, catalogue = Place(), _catalogue()
    names = _names(wanted, catalogue)
    if not names:
        raise click.UsageError("name a config or weights; kaleido models list shows them")
    failed = [name for name in names if not _pulled(name, catalogue, place, name in accept_licence)]
    if failed:
        raise click.ClickException(f"not here: {', '.join(failed)}")


@models.command("verify")
@wanted_argument
@json_option
def verify_models(wanted: tuple[str, ...], as_json: bool) -> None:
    """Hash every file of weights that are here, or of those named; exit code 1 for what is wrong."""
    place, catalogue = Place(), _catalogue()
    named = _names(wanted, catalogue)
    rows = [_verified(name, catalogue[name], place) for name in named or catalogue]
    rows = [row for row in rows if named or row["state"] != "missing"]
    show(rows, as_json)
    if any(row["state"] in ("missing", "damaged") for row in rows):
        raise click.exceptions.Exit(1)


def _catalogue() -> Catalogue:
    try:
        return read_catalogue(Place().catalogue)
    except CheckpointError as wrong:
        raise click.ClickException(str(wrong)) from wrong


def _names(wanted: Iterable[str], catalogue: Catalogue) -> list[str]:
    """In order, each once."""
    names: list[str] = []
    try:
        for each in wanted:
            rows = model_rows(read_config(Path(each))) if Path(each).is_file() else None
            found = [each] if rows is None else [name for row in rows for name in named_weights(row.options)]
            names += [name for name in found if catalogue[name]]
    except (CheckpointError, ValueError, KeyError, TypeError) as wrong:
        raise click.ClickException(str(wrong)) from wrong
    return list(dict.fromkeys(names))


def _pulled(name: str, catalogue: Catalogue, place: Place, accepted: bool) -> bool:
    try:
        folder = Pull(name, catalogue[name], place.folder, _say).run(accepted=accepted)
        record = check(folder, catalogue[name])
    except CheckpointError as failure:
        _say(str(failure))
        return False
    click.echo(f"{name}: ready in {folder}" + (f" ({megabytes(record.bytes)})" if record else ""))
    return True


def _row(name: str, checkpoint: Checkpoint, place: Place, *, full: bool = False) -> dict[str, Any]:
    state, where, size = "missing", "", ""
    if (folder := locate(name, checkpoint, place.folder)) is not None:
        where = str(folder)
        try:
            record = check(folder, checkpoint, full=full)
            state, size = ("ready", megabytes(record.bytes)) if record else ("not recorded", "")
        except CheckpointError as damage:
            state, where = "damaged", str(damage)
    return {"name": name, "state": state, "size": size, **_about(checkpoint), "where": where}


def _about(checkpoint: Checkpoint) -> dict[str, str]:
    """Of the source that a pull asks first."""
    remote = [source for source in checkpoint.sources if not isinstance(source, Folder)]
    pinned = ("yes" if remote[0].pinned else "not pinned") if remote else ""
    licence = checkpoint.licence if checkpoint.commercial else f"{checkpoint.licence} (accept it)"
    return {"licence": licence, "pinned": pinned, "from": remote[0].label if remote else "by hand"}


def _verified(name: str, checkpoint: Checkpoint, place: Place) -> dict[str, Any]:
    row = _row(name, checkpoint, place, full=True)
    return {key: row[key] for key in ("name", "state", "size", "where")}


def _say(line: str) -> None:
    click.echo(line, err=True)
