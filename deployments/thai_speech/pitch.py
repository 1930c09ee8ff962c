"""How periodic speech is at each pitch: the tones of Thai, which mel bands are too wide to show.

The autocorrelation of a compressed spectrum (Tolonen and Karjalainen 2000, "A Computationally Efficient
Multipitch Analysis Model"), read at lags that are evenly spaced in pitch. No pitch is decided here: the
acoustic model sees the whole picture, so that there is nothing to track and no octave to get wrong.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deployments.thai_speech.features import HOP, SAMPLE_RATE, FloatArray, frames_of

PITCHES = 48
"""Sixteen to the octave, 60 to 480 Hz: low men to children."""
_LOWEST_HZ, _OCTAVES = 60, 3
_WINDOW, _FFT = 640, 1024
"""40 ms hold more than two periods of the lowest pitch; the FFT leaves room for its lag."""
_LISTENED = slice(4, 160)
"""Spectrum bins, 60 to 2,500 Hz: harmonics above say less about pitch than about noise."""
_COMPRESSION = 1 / 3
"""Power to the third: formants count less and noise hurts less than in a plain autocorrelation."""


def _lags() -> NDArray[np.float64]:
    return SAMPLE_RATE / (_LOWEST_HZ * 2 ** (_OCTAVES * np.arange(PITCHES) / (PITCHES - 1)))


def _reading() -> FloatArray:
    """Matrix (bins, pitches) from a compressed spectrum straight to the autocorrelation at each lag."""
    angles = 2 * np.pi * np.arange(_FFT // 2 + 1)[_LISTENED, None] * _lags() / _FFT
    return np.cos(angles).astype(np.float32)


_READING = _reading()
_HANN = np.hanning(_WINDOW).astype(np.float32)


def periodicity(audio: FloatArray) -> FloatArray:
    """Audio at 16 kHz to shape (frames, 48), -1 to 1, frame for frame with `log_mel`; loudness is no matter.

    A frame looks at the 40 ms around the middle of its 25 ms; what is beyond the window is silence.
    """
    frames = frames_of(len(audio))
    padded = np.zeros((frames - 1) * HOP + _WINDOW, np.float32)
    lead = (_WINDOW - 400) // 2
    kept = audio[: len(padded) - lead]
    padded[lead : lead + len(kept)] = kept
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::HOP]
    spectrum = np.fft.rfft(windows * _HANN, _FFT)[:, _LISTENED]
    compressed = np.cbrt(spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    compressed /= compressed.sum(axis=1, keepdims=True) + np.float32(1e-4)
    return np.asarray(compressed @ _READING, np.float32)
