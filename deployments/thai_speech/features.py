"""Log-mel features in numpy: 64 bands, 25 ms windows every 10 ms, relative to the loudness of the speech."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
MELS = 64
WINDOW, HOP, FFT = 400, 160, 512
"""Samples: 25 ms, 10 ms, and the next power of two."""
_PRE_EMPHASIS = 0.97
_LOUD_QUANTILE = 0.9
"""The level of an utterance is that of its loud frames, whatever share of it is silence."""
_FLOOR = -10.0
"""Nats below that level (43 dB): what is quieter says nothing and would let digital silence stand out."""
_SCALE = 4.0
"""Brings features to about unit variance."""

FloatArray = NDArray[np.float32]


def _filters() -> FloatArray:
    """Triangular mel filters from 60 to 7,600 Hz, shape (257, 64)."""
    mel = np.linspace(2595 * np.log10(1 + 60 / 700), 2595 * np.log10(1 + 7600 / 700), MELS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    bins = np.fft.rfftfreq(FFT, 1 / SAMPLE_RATE)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


_FILTERS = _filters()
_HANN = np.hanning(WINDOW).astype(np.float32)


def frames_of(samples: int) -> int:
    """Feature frames of an utterance; never less than one."""
    return 1 + max(0, samples - WINDOW) // HOP


def log_mel(audio: FloatArray) -> FloatArray:
    """Audio at 16 kHz, shape (samples,), to log-mel energies, shape (frames, 64). Short audio is padded."""
    emphasised = np.zeros(max(WINDOW, len(audio)), np.float32)
    emphasised[: len(audio)] = audio
    emphasised[1 : len(audio)] -= np.float32(_PRE_EMPHASIS) * audio[: len(audio) - 1]
    windows = np.lib.stride_tricks.sliding_window_view(emphasised, WINDOW)[::HOP]
    spectrum = np.fft.rfft(windows * _HANN, FFT)
    power = spectrum.real**2 + spectrum.imag**2
    return np.asarray(np.log(power @ _FILTERS + np.float32(1e-10)), np.float32)


def normalise(energies: FloatArray) -> FloatArray:
    """Features of the model: energies relative to the loud frames, so that the gain of a microphone is no
    matter."""
    level = np.quantile(energies.mean(axis=1), _LOUD_QUANTILE)
    return np.asarray(np.maximum(energies - level, _FLOOR) / _SCALE, np.float32)
