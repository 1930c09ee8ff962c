"""Hears audio of any length through windows that overlap, so that every frame has its context."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from deployments.align.viterbi import FloatArray
from serve_app.engines import SAMPLE_RATE, Audio

WINDOW_S = 30
"""Bounds memory: self-attention grows with the square."""
OVERLAP_S = 2
"""Half of it is dropped on either side of a cut: more context than a syllable needs."""


def hear_in_windows(audio: Audio, frame: int, hear: Callable[[Audio], FloatArray]) -> FloatArray:
    """What `hear` makes of 16 kHz audio, shape (output frames, labels); `frame`: samples of an output frame.

    `hear` gives a frame for each whole `frame` samples, more or less one.
    """
    window, half = WINDOW_S * SAMPLE_RATE // frame, OVERLAP_S * SAMPLE_RATE // frame // 2
    heard, begin = list[FloatArray](), 0
    while (len(audio) - begin * frame) > window * frame:
        labels = hear(audio[begin * frame : (begin + window) * frame])
        heard.append(labels[half if begin else 0 : window - half])
        begin += window - 2 * half
    heard.append(hear(audio[begin * frame :])[half if begin else 0 :])
    return np.concatenate(heard)
