"""Streams Thai speech in real time to a running cluster and prints how it answered.

python -m loadtests.captions.streams --url http://127.0.0.1:8000 --data .kaleido --streams 16 --seconds 30
python -m loadtests.captions.streams --search        # the largest number of streams that holds all three
targets
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click

from loadtests import report
from loadtests.audio import corpus
from loadtests.captions.client import StreamFailed, ThaiAsr
from loadtests.captions.speakers import Load, Outcome, best, run, search
from loadtests.team import NoServerData, load_test_team
from serve_app.cli.operation import FiniteRange
from serve_app.errors import KaleidoError

UTTERANCES = 16
"""Eight sentences in each of two voices."""


@dataclass(frozen=True, slots=True)
class Options:
    """The command line."""

    url: str
    data: Path
    key: str | None
    streams: int
    seconds: float
    snr: float | None
    search: bool
    json: Path | None


def _show(outcome: Outcome) -> None:
    load, gateway = outcome.load, outcome.gateway_cores
    click.echo(f"\n{load.streams} streams, {load.seconds:g} s, on {report.machine()}")
    cpu = "" if gateway is None else f", gateway {gateway:.2f}"
    click.echo(f"cores used: load generator {outcome.generator_cores:.2f}{cpu}\n")
    click.echo(report.summary_table(outcome.summary))


def _as_json(outcome: Outcome) -> dict[str, Any]:
    cores = {"generator": outcome.generator_cores, "gateway": outcome.gateway_cores}
    return {**asdict(outcome.load), "cores": cores, **report.summary_json(outcome.summary)}


async def measure_all(options: Options, key: str) -> list[Outcome]:
    """The one run, or every step of the search."""
    said = corpus(options.data / "loadtest-audio", UTTERANCES, snr_db=options.snr)
    async with ThaiAsr(options.url, key) as api:
        await api.session()  # a wrong address or key is told at once, not after a whole run
        measure = partial(run, api, options.url, said)
        if options.search:
            return await search(measure, options.seconds)
        return [await measure(Load(options.streams, options.seconds))]


async def _main(options: Options) -> list[Outcome]:
    if options.key:
        return await measure_all(options, options.key)
    async with load_test_team(options.data) as team:
        return await measure_all(options, team.key)


@click.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True)
@click.option("--data", default=".kaleido", show_default=True, type=click.Path(path_type=Path))
@click.option("--key", help="Use this key; without it a team of our own is made in the server's --data.")
@click.option("--streams", default=8, show_default=True, type=click.IntRange(1))
@click.option("--seconds", default=20.0, show_default=True, type=FiniteRange(1))
@click.option("--snr", type=FiniteRange(), help="Add white noise at this ratio (dB).")
@click.option("--search", is_flag=True, help="Find the largest number of streams that holds all targets.")
@click.option("--json", type=click.Path(path_type=Path, dir_okay=False))
def main(**given: Any) -> None:
    """Stream Thai speech in real time and print how the server answered."""
    options = Options(**given)
    try:
        steps = asyncio.run(_main(options))
    except (NoServerData, StreamFailed, KaleidoError) as failure:
        sys.exit(f"loadtests: {failure}")
    _show(best(steps))
    if options.json:
        report.write_json(options.json, {"steps": [_as_json(step) for step in steps]})
    sys.exit(0 if not best(steps).summary.failures else 1)


if __name__ == "__main__":
    main()
