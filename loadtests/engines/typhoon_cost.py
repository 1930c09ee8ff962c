"""What one window costs the `typhoon` engine: features, encoder and decoder, by window length and batch.

    python -m loadtests.engines.typhoon_cost [--device cpu] [--threads 1] [--json cost.json]

The model is that of `loadtests.engines.random_typhoon`. On a CPU the figures are
CPU time of all threads, which other work on the machine does not stretch; on a GPU they are elapsed time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import TypeVar

import click
import torch
from transformers import ParakeetFeatureExtractor, ParakeetForRNNT

from deployments.asr.typhoon.transducer import greedy
from loadtests import report
from loadtests.engines.random_typhoon import noise, published_geometry
from serve_app.engines import SAMPLE_RATE

Result = TypeVar("Result")

HEAD = ("window s", "batch", "features ms", "encoder ms", "decoder ms", "ms per window", "tokens per window")
WINDOWS_S, BATCHES = (0.8, 1.6, 3.8), (1, 4, 16)
"""The first partials of an utterance, the usual decode window, and a sentence decoded as a final."""
REPEATS = 3
"""The median of three hides one disturbed run."""


def row(model: ParakeetForRNNT, seconds: float, batch: int) -> tuple[report.Cell, ...]:
    """Medians of one window length and batch size."""
    extractor = ParakeetFeatureExtractor()
    windows = [noise(seconds, seed) for seed in range(batch)]
    features, features_ms = _timed(lambda: extractor(windows, sampling_rate=SAMPLE_RATE))
    spectra = features["input_features"].to(model.device, model.dtype)
    mask = features["attention_mask"].to(model.device)
    with torch.inference_mode():
        encoded, encoder_ms = _timed(lambda: model.get_audio_features(spectra, mask))
        lengths = encoded.attention_mask.sum(-1)
        texts, decoder_ms = _timed(lambda: greedy(model, encoded.pooler_output, lengths))
    whole = features_ms + encoder_ms + decoder_ms
    tokens = sum(map(len, texts)) / batch
    return seconds, batch, features_ms, encoder_ms, decoder_ms, whole / batch, tokens


def _timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """The result and the median milliseconds of REPEATS runs after a first one."""
    result, times = work(), []
    for _ in range(REPEATS):
        started = _now()
        result = work()
        times.append((_now() - started) * 1000)
    return result, round(median(times), 1)


def _now() -> float:
    if not torch.cuda.is_initialized():
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


@click.command()
@click.option("--device", default="cpu", show_default=True, type=click.Choice(["cpu", "cuda"]))
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1), help="Of torch, on a CPU.")
@click.option("--json", type=click.Path(path_type=Path, dir_okay=False))
def main(device: str, threads: int, json: Path | None) -> None:
    """Print what windows cost."""
    torch.set_num_threads(threads)
    model = published_geometry().to(device, torch.float16 if device == "cuda" else torch.float32)
    rows = [row(model, seconds, batch) for seconds in WINDOWS_S for batch in BATCHES]
    tables: dict[str, report.Table] = {"typhoon": (HEAD, rows)}
    report.publish(tables, json)


if __name__ == "__main__":
    main()
