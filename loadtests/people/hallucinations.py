"""How often a recogniser writes down words where nobody said any.

    python -m loadtests.people.hallucinations                               # the server of `make serve`
    python -m loadtests.people.hallucinations --config configs/embedded.yaml --engine whisper
    python -m loadtests.people.hallucinations --folder noises --speech manifest.jsonl

Sounds are made here, but for those of `--folder`: each folder in it is a kind of its own. Babble and cuts of
speech are made of the recordings of a manifest, else of embedded voices (which want the extra `embedded`).
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from loadtests import report
from loadtests.audio import as_wav, corpus
from loadtests.intervals import wilson
from loadtests.job_client import JobFailed
from loadtests.people.manifest import ManifestError, read_manifest
from loadtests.people.measure import samples_of
from loadtests.people.non_speech import KINDS, clips
from loadtests.people.recogniser import Heard, Place, Transcriptions, UnknownEngine, place_options
from loadtests.team import NoServerData
from serve_app.core.audio.pcm import as_float
from serve_app.engines import Audio
from serve_app.errors import KaleidoError
from serve_app.media.wav import pcm16_of

HEAD = ("engine", "impl", "kind", "clips", "with text", "share", "95 %", "most often", "refused")
SHOWN = 40
"""Characters of an example."""
SPOKEN = 16
"""Utterances in embedded voices."""

Sounds = Mapping[str, Sequence[Audio]]


async def measure(place: Place, sounds: Sounds, language: str) -> list[tuple[report.Cell, ...]]:
    """A row for each engine and kind, in their order. Raises what `Place.client` raises."""
    async with place.client() as (client, impls):
        return [
            (engine, impls[engine], kind, *row(await _heard(client, engine, language, made)))
            for engine in place.engine
            for kind, made in sounds.items()
        ]


async def _heard(client: Transcriptions, engine: str, language: str, sounds: Sequence[Audio]) -> list[Heard]:
    click.echo(f"{len(sounds)} sounds for {engine}", err=True)
    files = (as_wav(pcm16_of(sound).tobytes()) for sound in sounds)
    return [await client.transcribe("sound.wav", file, engine, language) for file in files]


def row(heard: Sequence[Heard]) -> tuple[report.Cell, ...]:
    """The cells from `clips` on; a refused clip counts in the last one only."""
    answered = [each.text for each in heard if not each.refusal]
    texts = [text for text in answered if text]
    if not answered:
        return (0, *[None] * 4, len(heard))
    low, high = wilson(len(texts), len(answered))
    often = next((text[:SHOWN] for text, _ in Counter(texts).most_common(1)), None)
    share, refused = len(texts) / len(answered), len(heard) - len(answered)
    return len(answered), len(texts), share, f"{low:.3f}-{high:.3f}", often, refused


def voices_of(speech: Path | None, data: Path) -> list[Audio]:
    """People's, or embedded ones. Raises ManifestError, InvalidAudio, EngineNotInstalled, OSError."""
    if speech:
        return [samples_of(recording.file) for recording in read_manifest(speech, {})]
    said = corpus(data / "loadtest-audio", SPOKEN)
    return [as_float(np.frombuffer(each.pcm, "<i2")) for each in said]


def in_folder(folder: Path) -> Iterator[tuple[str, list[Audio]]]:
    """Each folder's recordings by its name; hidden ones are not looked at. Raises InvalidAudio."""
    for kind in sorted(each for each in folder.iterdir() if each.is_dir() and each.name[0] != "."):
        yield kind.name, [samples_of(file) for file in sorted(kind.iterdir()) if file.is_file()]


@click.command()
@place_options
@click.option("--language", default="", help="Tell the engine; else it is found out.")
@click.option("--kind", multiple=True, default=tuple(KINDS), type=click.Choice(list(KINDS)))
@click.option("--clips", "count", default=50, show_default=True, type=click.IntRange(1), help="Of each kind.")
@click.option("--folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--speech", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A manifest.")
@click.option("--json", type=click.Path(path_type=Path, dir_okay=False))
def main(**given: Any) -> None:
    """Print how many sounds that are no speech got any text."""
    place = Place(**{name: given[name] for name in Place.__dataclass_fields__})
    try:
        made = clips(given["kind"], given["count"], voices_of(given["speech"], place.data))
        sounds = {**made, **dict(in_folder(given["folder"]) if given["folder"] else ())}
        rows = asyncio.run(measure(place, sounds, given["language"]))
    except ManifestError as wrong:
        sys.exit(f"{given['speech']} cannot be used:\n{wrong}")
    except (UnknownEngine, JobFailed, NoServerData, KaleidoError, OSError, ValueError) as failure:
        sys.exit(f"loadtests: {failure}")
    report.publish({"text where nobody spoke": (HEAD, rows)}, given["json"])


if __name__ == "__main__":
    main()
