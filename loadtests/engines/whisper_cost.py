"""What a batch of windows costs Whisper, by its size: encoder, decoder, alignment.

    python -m loadtests.engines.whisper_cost --threads 2 --compute-type int8 --window 10

The model has the shape of Whisper `tiny` (39 M parameters) and random weights: time does not depend on them.
Every request costs the encoder the window it is padded to, 30 s or less.
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


def measure(model: Whisper, prompt: list[int], size: int, window: int, repeats: int) -> list[float]:
    """Milliseconds of the three calls for one batch of windows of some seconds, the median of the repeats."""
    frames = 2 * FRAMES * window // 30
    mels = StorageView.from_array(np.random.default_rng(0).normal(size=(size, MELS, frames)).astype("f4"))
    encoded = model.encode(mels)
    text = [[0] * TOKENS] * size
    calls: Sequence[Callable[[], object]] = (
        lambda: model.encode(mels),
        lambda: model.generate(encoded, [prompt] * size, beam_size=1),
        lambda: model.align(encoded, prompt[:1], text, [frames] * size),
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
@click.option("--window", default=30, show_default=True, type=click.IntRange(1, 30), help="Seconds.")
@click.option("--repeats", default=3, show_default=True, type=click.IntRange(1))
def main(threads: int, compute_type: str, window: int, repeats: int) -> None:
    """Measure the model on this machine's CPU."""
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = build(Path(folder))
        model = Whisper(folder, "cpu", compute_type=compute_type, intra_threads=threads)
    prompt = [tokenizer.token_to_id(mark) for mark in PROMPT]
    measure(model, prompt, 1, window, 1)  # the first calls are slow: memory arenas grow
    costs = [measure(model, prompt, size, window, repeats) for size in BATCHES]
    rates = [1000 * size / sum(cost) for size, cost in zip(BATCHES, costs, strict=True)]
    rows = [
        (size, *cost, rate, rate / rates[0]) for size, cost, rate in zip(BATCHES, costs, rates, strict=True)
    ]
    work = f"Whisper tiny, {model.compute_type}, {TOKENS} tokens a window of {window} s"
    click.echo(f"{work}, on {report.machine()}\n")
    click.echo(markdown_table(HEAD, rows))


if __name__ == "__main__":
    main()
