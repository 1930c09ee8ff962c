"""Weights by hand for the tiny Whisper: it hears which sound, knows the position, says the script's token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float32]
Script = Mapping[int, Weights]
"""Code of the token to say at a position of the decoder; elsewhere the end mark."""

WIDTH, HEADS, MELS, FRAMES, POSITIONS = 192, 2, 80, 1500, 448
SCRIPT = 110
"""Positions that are told apart; all later ones count as the last."""
FREE = 64
"""Dimensions, the last ones, that hold token and time codes; the first hold sounds and positions."""
FRAMES_PER_TOKEN = 5
"""0.1 s: the median filter of the alignment (7 frames) wipes out shorter peaks."""


def set_encoder(spec: Any, sounds: int) -> None:
    """Dimension n of a frame: how much louder the n-th band is than all bands; the last ones: its time."""
    listen, keep = _zeros(WIDTH, MELS, 3), _zeros(WIDTH, WIDTH, 3)
    for index in range(sounds):
        own = band(index, sounds)
        listen[index, :, 1] = -1 / MELS
        listen[index, own, 1] += 1 / (own.stop - own.start)
        keep[index, index, 1] = 1
    spec.conv1.weight, spec.conv1.bias = listen, _zeros(WIDTH)
    spec.conv2.weight, spec.conv2.bias = keep, _zeros(WIDTH)
    spec.position_encodings.encodings = 0.02 * _time_codes().repeat(FRAMES_PER_TOKEN, axis=0)
    _set_norm(spec.layer_norm)
    _set_idle(spec.layer[0])


def set_decoder(spec: Any, scripts: Sequence[Script], token_codes: Weights, end: Weights, first: int) -> None:
    """Layer 0 adds the sound to the position and says the script; layer 1 only points at the time.

    `first` is the position that says the first token of the text.
    """
    sounds = len(scripts)
    spec.embeddings.weight, spec.projection.weight = np.zeros_like(token_codes), token_codes
    positions = _zeros(POSITIONS, WIDTH)
    positions[range(POSITIONS), sounds + np.minimum(range(POSITIONS), SCRIPT - 1)] = 1
    spec.position_encodings.encodings = positions
    _set_norm(spec.layer_norm, 8)  # makes the model sure of itself
    for layer in spec.layer:
        _set_idle(layer)
        _set_norm(layer.attention.layer_norm)
        for linear, rows in zip(layer.attention.linear, (WIDTH, 2 * WIDTH, WIDTH), strict=True):
            linear.weight, linear.bias = _zeros(rows, WIDTH), _zeros(rows)
    _set_listening(spec.layer[0].attention.linear, sounds)
    _set_speaking(spec.layer[0].ffn, scripts, end)
    _set_pointing(spec.layer[1].attention.linear, sounds, first)


def codes(seed: int, count: int) -> Weights:
    """Directions that have little in common, shape (count, WIDTH)."""
    directions = _zeros(count, WIDTH)
    directions[:, -FREE:] = np.random.default_rng(seed).normal(size=(count, FREE))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return directions


def band(index: int, bands: int) -> slice:
    """An equal share of the mel bands."""
    return slice(MELS * index // bands, MELS * (index + 1) // bands)


def _set_listening(linears: Any, sounds: int) -> None:
    """Every position looks at all frames with a sound, at none of the padding, and takes up which sound."""
    query, memory, out = linears
    query.bias[0] = 10
    memory.weight[0, :sounds] = 1
    memory.weight[WIDTH : WIDTH + sounds, :sounds] = np.eye(sounds)
    out.weight[:sounds, :sounds] = np.eye(sounds) / np.sqrt(WIDTH)


def _set_speaking(ffn: Any, scripts: Sequence[Script], end: Weights) -> None:
    """One hidden unit for each position and sound: it fires for both together."""
    sounds = len(scripts)
    level = np.sqrt(WIDTH / 2)  # of two equal dimensions after the layer norm
    ffn.linear_0.weight, ffn.linear_0.bias = _zeros(SCRIPT * sounds, WIDTH), _zeros(SCRIPT * sounds)
    ffn.linear_0.bias[:] = -1.5 * level
    ffn.linear_1.weight, ffn.linear_1.bias = _zeros(WIDTH, SCRIPT * sounds), end.copy()
    for position in range(SCRIPT):
        for index, script in enumerate(scripts):
            unit = position * sounds + index
            ffn.linear_0.weight[unit, [index, sounds + position]] = 1
            ffn.linear_1.weight[:, unit] = 10 * script.get(position, end)


def _set_pointing(linears: Any, sounds: int, first: int) -> None:
    """The position of the n-th token looks at the frames of the n-th time."""
    query, memory, _ = linears
    query.weight[:FREE, sounds + first : sounds + SCRIPT] = 150 * _time_codes()[: SCRIPT - first, -FREE:].T
    memory.weight[:FREE, -FREE:] = np.eye(FREE)


def _time_codes() -> Weights:
    return codes(0, FRAMES // FRAMES_PER_TOKEN)


def _set_idle(layer: Any) -> None:
    """A layer that changes nothing."""
    _set_norm(layer.self_attention.layer_norm)
    for linear, rows in zip(layer.self_attention.linear, (3 * WIDTH, WIDTH), strict=True):
        linear.weight, linear.bias = _zeros(rows, WIDTH), _zeros(rows)
    _set_norm(layer.ffn.layer_norm)
    for linear in (layer.ffn.linear_0, layer.ffn.linear_1):
        linear.weight, linear.bias = _zeros(WIDTH, WIDTH), _zeros(WIDTH)


def _set_norm(norm: Any, gain: float = 1) -> None:
    norm.gamma, norm.beta = np.full(WIDTH, gain, np.float32), _zeros(WIDTH)


def _zeros(*shape: int) -> Weights:
    return np.zeros(shape, np.float32)
