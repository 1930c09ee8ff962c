"""Streaming quality in audio time: the product's stabiliser on a grid, beside agreement counted in decodes.

    python -m loadtests.captions.streaming_quality                                   # the grid, development
    sentences
    python -m loadtests.captions.streaming_quality --sentences training/thai_speech/sentences.txt \
        --hop 40 --window 1600 --agreement 0.24                             # one setting, test sentences

Needs no cluster, but scipy and the extra `embedded`, which speak the sentences. `LocalAgreement-n` sees the
hypotheses that the product makes with the same hop and window and its default agreement.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import click
import numpy as np

from deployments.asr.replica import Recognizer
from deployments.serving.loader import EngineConfigError, load_engine
from loadtests import report
from loadtests.captions.audio_time import Setting, play, voice_probabilities
from loadtests.captions.held_out import held_out
from loadtests.captions.hypotheses import Hypotheses, Listener, listen_together
from loadtests.captions.local_agreement import LocalAgreement
from loadtests.captions.quality import HEAD, Quality
from loadtests.recording import Recording, Utterance
from serve_app.core.captions.stabilizer import AGREEMENT_S
from serve_app.errors import KaleidoError

HOPS_MS = (40, 80, 160, 240, 400)
WINDOWS_MS = (1000, 1600, 3000)
AGREEMENTS_S = (0.12, 0.24, 0.36, 0.48)
COUNTS = (2, 3)
"""Decodes in a row of the compared LocalAgreement-n."""
METHOD, HOP, WINDOW = "agreement", "hop ms", "window ms"

Row = tuple[str, int, int]
"""Method, hop and window."""
Grid = dict[Row, list[Recording]]


@dataclass(frozen=True, slots=True)
class Options:
    """The command line."""

    sentences: Path
    condition: str
    hop: Sequence[int]
    window: Sequence[int]
    agreement: Sequence[float]
    engine: str
    options: str
    utterances: int | None
    json: Path | None

    @property
    def settings(self) -> list[Setting]:
        """The grid, each point once."""
        points = dict.fromkeys(product(self.hop, self.window, self.agreement))
        return [Setting(hop, window, agreement) for hop, window, agreement in points]


def rows_of(setting: Setting) -> list[Row]:
    """Whose recordings `play` gives, in its order."""
    methods = [f"{setting.agreement_s * 1000:.0f} ms", *(f"LA-{n}" for n in _counts(setting))]
    return [(method, setting.hop_ms, setting.window_ms) for method in methods]


def measure(engine: Recognizer, said: Sequence[Utterance], settings: Sequence[Setting]) -> Grid:
    """Every utterance with every setting."""
    grid: Grid = defaultdict(list)
    for number, utterance in enumerate(said, 1):
        for setting, recordings in zip(settings, _play_all(engine, utterance, settings), strict=True):
            for row, recording in zip(rows_of(setting), recordings, strict=True):
                grid[row].append(recording)
        click.echo(f"{number} of {len(said)} utterances", err=True)
    return grid


def _play_all(engine: Recognizer, said: Utterance, settings: Sequence[Setting]) -> list[list[Recording]]:
    samples = np.frombuffer(said.pcm, "<i2")
    voiced = voice_probabilities(samples)
    players: list[Listener[list[Recording]]] = [
        play(said, voiced, setting, [LocalAgreement(n) for n in _counts(setting)]) for setting in settings
    ]
    return listen_together(players, Hypotheses(engine, samples))


def _counts(setting: Setting) -> Sequence[int]:
    return COUNTS if setting.agreement_s == AGREEMENT_S else ()


def tables(grid: Grid) -> dict[str, report.Table]:
    """One row each, methods side by side."""
    order = sorted(grid, key=lambda row: (row[2], row[1], row[0]))
    return {
        "streaming quality": (
            (METHOD, HOP, WINDOW, *HEAD),
            [(*row, *Quality(grid[row]).row()) for row in order],
        )
    }


@click.command()
@click.option(
    "--sentences",
    default="training/thai_speech/dev_sentences.txt",
    show_default=True,
    type=click.Path(path_type=Path),
)
@click.option(
    "--condition", default="clean", show_default=True, type=click.Choice(["clean", "noisy", "room"])
)
@click.option("--hop", multiple=True, default=HOPS_MS, show_default=True, help="ms; repeat for several.")
@click.option(
    "--window", multiple=True, default=WINDOWS_MS, show_default=True, help="ms; repeat for several."
)
@click.option(
    "--agreement", multiple=True, default=AGREEMENTS_S, show_default=True, help="s; repeat for several."
)
@click.option("--engine", default="deployments.asr.embedded.thai:EmbeddedRecognizer", show_default=True)
@click.option("--options", default="{}", help="The engine's options as JSON.")
@click.option("--utterances", type=click.IntRange(1), help="Only so many, evenly chosen.")
@click.option("--json", type=click.Path(path_type=Path, dir_okay=False))
def main(**given: Any) -> None:
    """Measure the stabiliser in audio time."""
    options = Options(**given)
    try:
        engine = load_engine(options.engine, json.loads(options.options))
        said = held_out(options.sentences, options.condition)
    except (EngineConfigError, KaleidoError, ModuleNotFoundError, json.JSONDecodeError) as failure:
        sys.exit(f"loadtests: {failure}")
    step = max(1, len(said) // (options.utterances or len(said)))
    grid = measure(engine, said[::step][: options.utterances], options.settings)
    finals = Quality(next(iter(grid.values())))
    seconds = sum(each.utterance.audio_ms for each in finals.recordings) / 1000
    click.echo(f"{engine.card.impl}, {options.sentences}, {options.condition}:")
    click.echo(f"{len(finals.recordings)} utterances, {seconds:.0f} s,", nl=False)
    click.echo(f" character error rate of the finals {100 * finals.character_error_rate:.1f} %\n")
    found = tables(grid)
    report.publish(found, options.json)


if __name__ == "__main__":
    main()
