"""What a batch of windows costs Whisper, by its size: encoder, decoder, alignment.

    python -m loadtests.engines.whisper_cost --threads 2 --compute-type int8

The model has the shape of Whisper `tiny` (39 M parameters) and random weights: time does not depend on them.
Every window costs the encoder 30 s of audio, so seconds of audio count for nothing here.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click
import numpy as np
from ctranslate2 import StorageView
from ctranslate2.models import Whisper

from loadtests import report
from loadtests.engines.random_whisper import FRAMES, MELS, PROMPT, TOKENS, build
from loadtests.report import markdown_table

BATCHES = (1, 2, 4, 8, 16)
HEAD = ("batch", "encode ms", "generate ms", "align ms", "windows / s", "x a batch of 1")


def measure(model: Whisper, prompt: list[int], size: int, repeats: int) -> list[float]:
    """Milliseconds of the three calls for one batch, the median of the repeats."""
    mels = StorageView.from_array(np.random.default_rng(0).normal(size=(size, MELS, 2 * FRAMES)).astype("f4"))
    encoded = model.encode(mels)
    text = [[0] * TOKENS] * size
    calls: Sequence[Callable[[], object]] = (
        lambda: model.encode(mels),
        lambda: model.generate(encoded, [prompt] * size, beam_size=1),
        lambda: model.align(encoded, prompt[:1], text, [2 * FRAMES] * size),
    )
    return [_median_ms(call, repeats) for call in calls]


def _median_ms(call: Callable[[], object], repeats: int) -> float:
    elapsed = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        elapsed.append(1000 * (time.perf_counter() - started))
    return float(np.median(elapsed))


@click.command()
@click.option("--threads", default=0, help="0: as CTranslate2 likes.")
@click.option("--compute-type", default="default", show_default=True)
@click.option("--repeats", default=3, show_default=True, type=click.IntRange(1))
def main(threads: int, compute_type: str, repeats: int) -> None:
    """Measure the model on this machine's CPU."""
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = build(Path(folder))
        model = Whisper(folder, "cpu", compute_type=compute_type, intra_threads=threads)
    prompt = [tokenizer.token_to_id(mark) for mark in PROMPT]
    measure(model, prompt, 1, 1)  # the first calls are slow: memory arenas grow
    costs = [measure(model, prompt, size, repeats) for size in BATCHES]
    rates = [1000 * size / sum(cost) for size, cost in zip(BATCHES, costs, strict=True)]
    rows = [
        (size, *cost, rate, rate / rates[0]) for size, cost, rate in zip(BATCHES, costs, rates, strict=True)
    ]
    click.echo(f"Whisper tiny, {model.compute_type}, {TOKENS} tokens a window, on {report.machine()}\n")
    click.echo(markdown_table(HEAD, rows))


if __name__ == "__main__":
    main()
