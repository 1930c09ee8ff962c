"""What one window costs the `typhoon` engine: features, encoder and decoder, by window length and batch.

    python -m loadtests.typhoon_cost [--device cpu] [--threads 1] [--json cost.json]

The model has the published geometry (FastConformer-RNNT large, 115 M parameters) with random weights: the
encoder does the same work whatever its weights are. The decoder's work depends on the text, so the model is
made to emit two tokens in five frames, about what Thai speech at a normal pace has. On a CPU the figures are
CPU time of all threads, which other work on the machine does not stretch; on a GPU they are elapsed time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import TypeVar

import click
import numpy as np
import torch
from transformers import ParakeetEncoderConfig, ParakeetFeatureExtractor, ParakeetForRNNT, ParakeetRNNTConfig

from deployments.asr.transducer import greedy
from loadtests import report
from serve_app.engines import SAMPLE_RATE, Audio

Result = TypeVar("Result")

HEAD = ("window s", "batch", "features ms", "encoder ms", "decoder ms", "ms per window", "tokens per window")
WINDOWS_S, BATCHES = (0.8, 1.6, 3.8), (1, 4, 16)
"""The first partials of an utterance, the usual decode window, and a sentence decoded as a final."""
VOCABULARY = 2048
REPEATS = 3
"""The median of three hides one disturbed run."""
SHARE_OF_BLANKS = 0.6


def published_geometry() -> ParakeetForRNNT:
    """Random weights in the shape of the published checkpoint."""
    torch.manual_seed(0)
    encoder = ParakeetEncoderConfig(
        hidden_size=512, num_hidden_layers=17, intermediate_size=2048, layerdrop=0.0
    )
    config = ParakeetRNNTConfig(
        vocab_size=VOCABULARY + 1,
        blank_token_id=VOCABULARY,
        pad_token_id=VOCABULARY,
        num_decoder_layers=1,
        max_symbols_per_step=1,
        encoder_config=encoder.to_dict(),
    )
    return ParakeetForRNNT(config).eval()


def speak(model: ParakeetForRNNT, audio: Audio) -> None:
    """Set the blank's bias so that SHARE_OF_BLANKS of the frames emit nothing."""
    with torch.inference_mode():
        features = ParakeetFeatureExtractor()([audio], sampling_rate=SAMPLE_RATE)
        encoded = model.get_audio_features(features["input_features"].to(model.device, model.dtype))
        logits = model.joint.head(model.joint.activation(encoded.pooler_output)).float()
        margin = logits[..., :-1].amax(-1) - logits[..., -1]
        model.joint.head.bias[-1] += margin.quantile(SHARE_OF_BLANKS)


def row(model: ParakeetForRNNT, seconds: float, batch: int) -> tuple[report.Cell, ...]:
    """Medians of one window length and batch size."""
    extractor = ParakeetFeatureExtractor()
    windows = [_noise(seconds, seed) for seed in range(batch)]
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


def _noise(seconds: float, seed: int) -> Audio:
    return np.random.default_rng(seed).normal(0, 0.1, int(seconds * SAMPLE_RATE)).astype(np.float32)


@click.command()
@click.option("--device", default="cpu", show_default=True, type=click.Choice(["cpu", "cuda"]))
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1), help="Of torch, on a CPU.")
@click.option("--json", type=click.Path(path_type=Path, dir_okay=False))
def main(device: str, threads: int, json: Path | None) -> None:
    """Print what windows cost."""
    torch.set_num_threads(threads)
    model = published_geometry().to(device, torch.float16 if device == "cuda" else torch.float32)
    speak(model, _noise(3.8, 99))
    rows = [row(model, seconds, batch) for seconds in WINDOWS_S for batch in BATCHES]
    tables: dict[str, report.Table] = {"typhoon": (HEAD, rows)}
    report.show_tables(tables)
    if json:
        report.write_json(json, report.tables_json(tables))


if __name__ == "__main__":
    main()
