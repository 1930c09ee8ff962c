"""What the sounds of places are made of: coloured noise, slow swells and scattered grains."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from deployments.video.mp4 import SOUND_RATE, Sound

Signal = NDArray[np.float64]
"""Mono (samples,), or stereo (2, samples)."""
Grain = Callable[[np.random.Generator], Signal]
"""A short mono sound, another one at each call."""
WIDTH = 0.6
"""Of the stereo image: how much of the noise differs between the ears; with all of it the middle is empty."""


def time_of(seconds: float) -> Signal:
    """Moments of the samples, in seconds."""
    return np.arange(round(seconds * SOUND_RATE)) / SOUND_RATE


def noise(generator: np.random.Generator, samples: int, low: float, high: float, tilt: float) -> Signal:
    """Stereo noise between two corner frequencies in Hz, of RMS 1; its level falls by `tilt` times 6 dB an
    octave in between (1: brown, 0.5: pink, 0: white) and steeply outside. Made in the frequency domain."""
    hertz = np.fft.rfftfreq(samples, 1 / SOUND_RATE)
    hertz[0] = hertz[1]
    colour = hertz**-tilt / np.sqrt((1 + (low / hertz) ** 4) * (1 + (hertz / high) ** 4))
    middle, side = generator.standard_normal((2, samples))
    ears = np.stack([middle + WIDTH * side, middle - WIDTH * side])
    coloured = np.fft.irfft(np.fft.rfft(ears) * colour, samples)
    return np.asarray(coloured / np.sqrt(np.mean(coloured**2)))


def swell(generator: np.random.Generator, samples: int, seconds: float) -> Signal:
    """A slow wander between 0 and 1, from turn to turn in about `seconds`."""
    turns = 2 + int(np.ceil(samples / SOUND_RATE / seconds))
    heights = generator.permutation(np.linspace(0, 1, turns))
    at = np.linspace(0, turns - 1, samples)
    left = np.minimum(at.astype(int), turns - 2)
    ease = (1 - np.cos(np.pi * (at - left))) / 2
    return np.asarray(heights[left] * (1 - ease) + heights[left + 1] * ease)


def scattered(generator: np.random.Generator, samples: int, per_second: float, grain: Grain) -> Signal:
    """Grains at random moments and places between the ears; at least one."""
    sound = np.zeros((2, samples))
    for start in generator.integers(0, samples, max(1, round(per_second * samples / SOUND_RATE))):
        one = grain(generator)[: samples - start]
        angle = generator.uniform(0.15, 0.85) * np.pi / 2
        sound[0, start : start + len(one)] += np.cos(angle) * one
        sound[1, start : start + len(one)] += np.sin(angle) * one
    return sound


def finished(signal: Signal, level: float, fade_s: float) -> Sound:
    """With soft ends and at an RMS of `level`; peaks are bent below 1, not cut."""
    ramp = np.clip(time_of(signal.shape[1] / SOUND_RATE) / fade_s, 0, 1)
    faded = signal * np.sin(ramp * np.pi / 2) * np.sin(ramp[::-1] * np.pi / 2)
    for _ in range(2):  # what the bend takes away is given back
        faded = np.tanh(faded * (level / np.sqrt(np.mean(faded**2))))
    return faded.astype(np.float32)
