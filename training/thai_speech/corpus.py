"""Reads shards into batches: random cuts, small spectral changes, masking."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deployments.thai_speech.features import MELS
from deployments.thai_speech.inputs import INPUTS, normalised
from training.thai_speech.model import STRIDE, output_frames

_MASKED = np.repeat(np.array([-1, 0], np.float32), [MELS, INPUTS - MELS])
_BATCH_FRAMES = 6000
"""One minute of audio a step."""


class Utterance(NamedTuple):
    """Model inputs (frames, 112), tokens, and the feature frame at the middle of each token."""

    inputs: NDArray[np.float16]
    tokens: NDArray[np.int16]
    frames: NDArray[np.int16]


class Batch(NamedTuple):
    """Padded features, and the tokens of all utterances in one row."""

    features: Tensor
    lengths: Tensor
    tokens: Tensor
    counts: Tensor
    anchors: Tensor
    """Output frame of each token, shape as `tokens`."""


def read_shard(path: Path) -> list[Utterance]:
    shard = np.load(path)
    inputs, tokens, frames = shard["inputs"], shard["tokens"], shard["frames"]
    rows, places = np.cumsum([0, *shard["lengths"]]), np.cumsum([0, *shard["counts"]])
    return [
        Utterance(
            inputs[rows[i] : rows[i + 1]],
            tokens[places[i] : places[i + 1]],
            frames[places[i] : places[i + 1]],
        )
        for i in range(len(rows) - 1)
    ]


def cut(utterance: Utterance, longest: int, rng: np.random.Generator) -> Utterance:
    """A random stretch of 0.3 s up to `longest` frames, with the tokens whose middle lies inside."""
    length = int(rng.integers(30, max(31, min(longest, len(utterance.inputs)))))
    start = int(rng.integers(0, max(1, len(utterance.inputs) - length)))
    inside = (utterance.frames >= start) & (utterance.frames < start + length)
    stretch = utterance.inputs[start : start + length]
    return Utterance(stretch, utterance.tokens[inside], (utterance.frames[inside] - start).astype(np.int16))


def fits(utterance: Utterance) -> bool:
    """Whether CTC can emit the tokens: a repeated token needs a blank between."""
    repeats = int((np.diff(utterance.tokens) == 0).sum())
    return output_frames(len(utterance.inputs)) >= len(utterance.tokens) + repeats


def _vary(features: NDArray[np.float32], rng: np.random.Generator) -> None:
    """A spectral tilt, then two masks in frequency and two in time (SpecAugment, Park et al. 2019); in
    place."""
    band = np.linspace(-1, 1, MELS, dtype=np.float32)
    energies = features[:, :MELS]
    energies += np.float32(rng.normal(0, 0.1)) * band + np.float32(rng.normal(0, 0.1)) * band**2
    frames = len(features)
    for _ in range(2):
        width, length = int(rng.integers(0, 9)), int(rng.integers(0, min(18, frames // 8) + 1))
        first, begin = int(rng.integers(0, MELS - width)), int(rng.integers(0, frames - length))
        energies[:, first : first + width] = -1
        features[begin : begin + length] = _MASKED


def collate(utterances: list[Utterance], rng: np.random.Generator | None = None) -> Batch:
    """Pads; with `rng` the features are varied as for training."""
    lengths = [len(u.inputs) for u in utterances]
    padded = np.zeros((len(utterances), max(lengths), INPUTS), np.float32)
    for row, utterance in zip(padded, utterances, strict=True):
        features = normalised(utterance.inputs.astype(np.float32))
        if rng is not None:
            _vary(features, rng)
        row[: len(features)] = features
    anchors = np.concatenate(
        [np.minimum((u.frames + 1) // STRIDE, output_frames(len(u.inputs)) - 1) for u in utterances]
    )
    counts = torch.tensor([len(u.tokens) for u in utterances])
    tokens = torch.from_numpy(np.concatenate([u.tokens for u in utterances]).astype(np.int64))
    return Batch(
        torch.from_numpy(padded),
        torch.tensor(lengths),
        tokens,
        counts,
        torch.from_numpy(anchors.astype(np.int64)),
    )


def batches(folder: Path, longest: int, cut_share: float, rng: np.random.Generator) -> Iterator[Batch]:
    """One pass over four random shards, alike lengths together; a share of the utterances is cut."""
    paths = sorted(folder.glob("*-???.npz"))
    chosen = rng.choice(len(paths), min(4, len(paths)), replace=False)
    pool = [utterance for index in chosen for utterance in read_shard(paths[index])]
    pool = [cut(u, longest, rng) if rng.random() < cut_share else u for u in pool]
    pool = sorted(filter(fits, pool), key=lambda u: len(u.inputs) + 40 * rng.random())
    groups: list[list[Utterance]] = [[]]
    for utterance in pool:
        if (len(groups[-1]) + 1) * len(utterance.inputs) > _BATCH_FRAMES:
            groups.append([])
        groups[-1].append(utterance)
    for index in rng.permutation(len(groups)):
        if groups[index]:
            yield collate(groups[index], rng)
