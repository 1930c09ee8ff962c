"""Where an operator's commands meet the store: open it, run one operation, print the outcome."""

from __future__ import annotations

import asyncio
import functools
import json
import math
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from serve_app.auth import KeyRing, pepper
from serve_app.clock import SystemClock
from serve_app.core.keys import Kind
from serve_app.errors import KaleidoError
from serve_app.flows.accounts.team_keys import TeamKeys
from serve_app.flows.accounts.teams import Teams
from serve_app.limits import Limits
from serve_app.settings import Settings
from serve_app.stores import Store, open_store

Row = Mapping[str, Any]
Rows = Row | Sequence[Row]


class FiniteRange(click.FloatRange):
    """Numbers within bounds. click's own lets NaN through, which is neither above nor below any."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


@dataclass(frozen=True, slots=True)
class OperatorContext:
    """What an operation works with."""

    store: Store
    keys: KeyRing
    limits: Limits

    @property
    def teams(self) -> Teams:
        return Teams(self.store, self.keys)

    async def team_keys(self, reference: str) -> TeamKeys:
        """The keys of the team with this id or name. Raises NotFound."""
        return TeamKeys(self.store, self.keys, await self.teams.find(reference))

    async def owner_of(self, prefix: str) -> TeamKeys:
        """The keys of the team that has this key. Raises NotFound."""
        return await self.team_keys((await self.keys.record(Kind.KEY, prefix)).body["team_id"])


def operation(work: Callable[..., Coroutine[Any, Any, Rows]]) -> Callable[..., None]:
    """A command that runs on the store and prints what it gives; an error is one line and exit code 1."""

    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @functools.wraps(work)
    def command(as_json: bool, **options: Any) -> None:
        try:
            rows = asyncio.run(_at_desk(work, options))
        except KaleidoError as error:
            raise click.ClickException(error.message) from error
        except (OSError, ValueError) as error:  # the settings, the data folder
            raise click.ClickException(str(error)) from error
        show(rows, as_json)

    return command


def show(rows: Rows, as_json: bool) -> None:
    """Print the outcome of a command, for people or for programs."""
    click.echo(json.dumps(rows, ensure_ascii=False, indent=2) if as_json else _table(rows))


async def _at_desk(work: Callable[..., Coroutine[Any, Any, Rows]], options: dict[str, Any]) -> Rows:
    settings, clock = Settings(), SystemClock()
    store = open_store(settings)
    try:
        keys = KeyRing(store, pepper(settings), clock)
        return await work(
            OperatorContext(store, keys, Limits(store, clock, settings.session_lease_s)), **options
        )
    finally:
        await store.close()


def _table(rows: Rows) -> str:
    """Columns under their names; a single row as lines of `name value`."""
    if isinstance(rows, Mapping):
        return "\n".join(f"{name:<26}{_cell(value)}" for name, value in rows.items())
    lines = [list(rows[0]), *([*map(_cell, row.values())] for row in rows)] if rows else [["(none)"]]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def _cell(value: object) -> str:
    return "-" if value in (None, "") else str(value)
