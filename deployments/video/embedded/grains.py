"""Single short sounds, each another one at each call: drops, notes of birds, bells."""

from __future__ import annotations

import numpy as np

from deployments.video.embedded.noise import Signal, time_of
from deployments.video.mp4 import SOUND_RATE

Generator = np.random.Generator


def drop(generator: Generator) -> Signal:
    """A drop on a hard ground."""
    moments, level = _decaying(0.03, 0.003)
    return np.asarray(
        generator.exponential() * level * np.sin(2 * np.pi * generator.uniform(1800, 7000) * moments)
    )


def bubble(generator: Generator) -> Signal:
    """A bubble that bursts: its tone rises."""
    moments, level = _decaying(0.09, 0.015)
    start = generator.uniform(400, 1400)
    return np.asarray(
        generator.exponential() * level * np.sin(2 * np.pi * start * (moments + 4 * moments**2))
    )


def crackle(generator: Generator) -> Signal:
    """A spark, sharp or dull."""
    _, level = _decaying(0.03, generator.uniform(0.0005, 0.004))
    return np.asarray(generator.exponential(2) * level * generator.standard_normal(len(level)))


def song(generator: Generator) -> Signal:
    """Two to five notes of one bird, each gliding."""
    base, glide = generator.uniform(2400, 5200), generator.uniform(-0.3, 0.3)
    length = generator.uniform(0.06, 0.16)
    moments = time_of(length)
    tone = np.sin(np.pi * moments / length) ** 2
    note = tone * np.sin(2 * np.pi * base * (moments + glide * moments**2 / length))
    pause = np.zeros(round(generator.uniform(0.04, 0.12) * SOUND_RATE))
    return np.tile(np.concatenate([note, pause]), generator.integers(2, 6)) * generator.uniform(0.3, 1)


def horn(generator: Generator) -> Signal:
    """A car horn: three tones."""
    length = generator.uniform(0.25, 0.6)
    moments = time_of(length)
    level = np.clip(np.minimum(moments, length - moments) / 0.04, 0, 1)
    tones = (np.sin(2 * np.pi * hertz * moments) for hertz in (392, 494, 784))
    return np.asarray(level * sum(tones) / 3)


def bell(generator: Generator) -> Signal:
    """Partials of a bell: hum, prime, tierce, quint and nominal; the higher fade sooner."""
    strike, moments = generator.uniform(260, 420), time_of(5)
    ringing = np.zeros(len(moments))
    for ratio, level in ((0.5, 0.6), (1, 1.0), (1.2, 0.7), (1.5, 0.4), (2, 0.6), (2.67, 0.25), (4.1, 0.12)):
        _, decay = _decaying(5, 0.9 / ratio**0.7)
        ringing += level * decay * np.sin(2 * np.pi * strike * ratio * moments)
    return np.asarray(ringing * np.clip((5 - moments) / 0.5, 0, 1))


def _decaying(seconds: float, half_s: float) -> tuple[Signal, Signal]:
    """Moments, and a level that halves each `half_s`; it starts within a millisecond, without a click."""
    moments = time_of(seconds)
    return moments, np.clip(moments / 0.001, 0, 1) * 0.5 ** (moments / half_s)
