"""How well a user's own recordings are understood: word and character error rates with their intervals.

    python -m loadtests.people manifest.jsonl                               # the server of `make serve`
    python -m loadtests.people manifest.csv --config configs/embedded.yaml --engine typhoon --engine whisper
    python -m loadtests.people manifest.jsonl --detect --telephone --snr 15 --noise babble

docs/understanding.md says how a manifest is written and what the columns are.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from loadtests import report
from loadtests.job_client import JobFailed
from loadtests.people.channel import Channel
from loadtests.people.manifest import LabelledRecording, ManifestError, read_manifest
from loadtests.people.measure import Measurement
from loadtests.people.recogniser import Place, UnknownEngine, place_options
from loadtests.people.tables import Result, tables
from loadtests.team import NoServerData
from serve_app.cli.operation import FiniteRange
from serve_app.errors import KaleidoError


async def measured(place: Place, measurement: Measurement) -> tuple[dict[str, report.Table], list[Result]]:
    """The tables, and what they are made of. Raises what `Place.client` and `Measurement.results` raise."""
    async with place.client() as (client, impls):
        results = await measurement.results(client, place.engine)
    return tables(results, impls, detected=not measurement.tell_language), results


def recordings_json(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Each recording with what was heard, for whoever wants to see the mistakes."""
    return [
        {
            "engine": each.engine,
            "file": str(each.recording.file),
            "said": each.recording.text,
            "heard": each.heard.text,
            "language": each.heard.language,
            "words": each.score.words,
            "word_errors": each.score.word_errors,
            "characters": each.score.characters,
            "character_errors": each.score.character_errors,
            "inserted": each.score.inserted,
        }
        for each in results
    ]


def fields_of(chosen: Sequence[str]) -> dict[str, str]:
    """`FIELD=VALUE` of the command line. Raises click.BadParameter."""
    if wrong := next((each for each in chosen if "=" not in each), None):
        raise click.BadParameter(f"{wrong} is not FIELD=VALUE", param_hint="--only")
    return dict(each.split("=", 1) for each in chosen)


def evenly(recordings: Sequence[LabelledRecording], limit: int) -> list[LabelledRecording]:
    """At most `limit`, from all of a list: manifests stand in the order of their speakers."""
    count = min(limit, len(recordings))
    return [recordings[at * len(recordings) // count] for at in range(count)]


@click.command()
@click.argument("manifest", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@place_options
@click.option("--tell-language/--detect", default=True, show_default=True, help="Each recording's own.")
@click.option("--telephone", is_flag=True, help="8 kHz and mu-law.")
@click.option("--snr", type=FiniteRange(), help="Add noise at this ratio (dB).")
@click.option("--noise", default="white", show_default=True, type=click.Choice(["white", "babble"]))
@click.option("--only", multiple=True, metavar="FIELD=VALUE", help="Of the manifest's recordings.")
@click.option("--limit", type=click.IntRange(1), help="Only so many, evenly chosen.")
@click.option("--clients", default=1, show_default=True, type=click.IntRange(1))
@click.option("--json", type=click.Path(path_type=Path, dir_okay=False))
def main(manifest: Path, **given: Any) -> None:
    """Print how well the recordings of MANIFEST are understood."""
    place = Place(**{name: given[name] for name in Place.__dataclass_fields__})
    channel = Channel(given["telephone"], given["snr"], given["noise"])
    try:
        recordings = read_manifest(manifest, fields_of(given["only"]))
        chosen = evenly(recordings, given["limit"] or len(recordings))
        measurement = Measurement(chosen, channel, given["tell_language"], given["clients"])
        found, results = asyncio.run(measured(place, measurement))
    except ManifestError as wrong:
        sys.exit(f"{manifest} cannot be measured:\n{wrong}")
    except (UnknownEngine, JobFailed, NoServerData, KaleidoError, OSError, ValueError) as failure:
        sys.exit(f"loadtests: {failure}")
    click.echo(
        f"{manifest.name}: {channel.name}, language {'told' if given['tell_language'] else 'found out'}"
    )
    report.show_tables(found)
    if given["json"]:
        every = {"channel": channel.name, "recordings": recordings_json(results)}
        report.write_json(given["json"], report.tables_json(found) | every)


if __name__ == "__main__":
    main()
