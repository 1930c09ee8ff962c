"""Trains the acoustic model on a folder of shards, which may still be growing, for a given time on a CPU.

`python -m training.thai_speech.train --data corpus/train --dev corpus/dev --minutes 60 --out acoustic.pt`
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from training.thai_speech.corpus import Batch, batches, collate, read_shard
from training.thai_speech.edit_distance import edit_distance
from training.thai_speech.model import STRIDE, AcousticModel, output_frames

_PEAK_RATE, _LATER_RATE = 2e-3, 1e-3
"""Of a fresh model, and of one that goes on from a checkpoint."""
_PLATEAU = 0.15
_WARM_UP_STEPS = 300
_REPORT_SECONDS = 300


def learning_rate(step: int, progress: float, peak: float) -> float:
    """Linear warm-up, a plateau, then a cosine down to 1 % over the rest of the time."""
    falling = max(0.0, (progress - _PLATEAU) / (1 - _PLATEAU))
    decay = max(0.01, 0.5 * (1 + math.cos(math.pi * falling)))
    return peak * min(1.0, (step + 1) / _WARM_UP_STEPS) * decay


def loss_of(log_probs: Tensor, batch: Batch, anchoring: float) -> Tensor:
    """CTC, and a pull of each token towards the moment espeak-ng spoke it.

    The pull finds the alignment in the first minutes and keeps word times true afterwards.
    """
    frames = (batch.lengths - 1) // STRIDE + 1
    ctc = F.ctc_loss(log_probs.transpose(0, 1), batch.tokens, frames, batch.counts, zero_infinity=True)
    rows = torch.repeat_interleave(torch.arange(len(batch.counts)), batch.counts)
    anchored = -log_probs[rows, batch.anchors, batch.tokens].clamp(min=-8)
    return ctc + anchoring * anchored.mean() if len(rows) else ctc


def stream(
    folder: Path, rng: np.random.Generator, minutes: float, fresh: bool
) -> Iterator[tuple[Batch, float]]:
    """Batches with the share of the time gone; a quarter is cut, for a fresh model all, and shorter, at
    first."""
    start = time.monotonic()
    while True:
        early = fresh and (time.monotonic() - start) / 60 < 0.05 * minutes
        for batch in batches(folder, 120 if early else 300, 1.0 if early else 0.25, rng):
            progress = (time.monotonic() - start) / 60 / minutes
            if progress >= 1:
                return
            yield batch, progress


def greedy(log_probs: Tensor) -> list[int]:
    """Best token of each frame, repeats and blanks removed."""
    best = torch.unique_consecutive(log_probs.argmax(-1))
    return [int(token) for token in best if token != 0]


@torch.no_grad()
def phoneme_error_rate(model: AcousticModel, folder: Path) -> float:
    """Edits over tokens, on every shard of a folder."""
    model.eval()
    edits = total = 0
    for path in sorted(folder.glob("*.npz")):
        utterances = sorted(read_shard(path)[:200], key=lambda u: len(u.inputs))
        for first in range(0, len(utterances), 20):
            group = utterances[first : first + 20]
            batch = collate(group)
            for row, utterance in zip(model(batch.features, batch.lengths), group, strict=True):
                heard = greedy(row[: output_frames(len(utterance.inputs))])
                edits += edit_distance(heard, utterance.tokens.tolist())
                total += len(utterance.tokens)
    model.train()
    return edits / total


def train(
    model: AcousticModel, data: Path, dev: Path, minutes: float, out: Path, *, fresh: bool, seed: int = 0
) -> None:
    """Trains in place; a checkpoint is written at every report."""
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.02, betas=(0.9, 0.98))
    started = reported = time.monotonic()
    heard, losses = 0.0, []
    for step, (batch, progress) in enumerate(stream(data, np.random.default_rng(seed), minutes, fresh)):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, progress, _PEAK_RATE if fresh else _LATER_RATE)
        with torch.autocast("cpu", torch.bfloat16):  # twice as fast where the CPU has AVX-512 BF16
            log_probs = model(batch.features, batch.lengths)
        loss = loss_of(log_probs, batch, 0.5 if fresh and progress < 0.2 else 0.1)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        losses.append(loss.item())
        heard += int(batch.lengths.sum()) / 360_000
        if time.monotonic() - reported > _REPORT_SECONDS:
            reported = time.monotonic()
            torch.save(model.state_dict(), out)
            rate = phoneme_error_rate(model, dev)
            elapsed = (reported - started) / 60
            mean = np.mean(losses)
            print(
                f"{elapsed:.1f} min, step {step}, {heard:.1f} h, loss {mean:.3f}, PER {rate:.3f}", flush=True
            )
            losses = []
    torch.save(model.state_dict(), out)
    print(f"done: {heard:.1f} h heard, dev PER {phoneme_error_rate(model, dev):.3f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--dev", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="a checkpoint to go on from")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    model = AcousticModel()
    print(f"{sum(p.numel() for p in model.parameters())} parameters", flush=True)
    if options.start:
        model.load_state_dict(torch.load(options.start, weights_only=True))
    fresh = options.start is None
    train(model, options.data, options.dev, options.minutes, options.out, fresh=fresh)


if __name__ == "__main__":
    main()
