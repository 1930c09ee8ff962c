"""What of the acoustic model's output is searched."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deployments.thai_speech.phonemes import BLANK
from deployments.thai_speech.trie import FloatArray


def informative(window: FloatArray, sure_blank: float) -> NDArray[np.intp]:
    """Frames to search: of each run of sure blanks the first."""
    sure = window[:, BLANK] > np.log(sure_blank)
    repeated = np.zeros_like(sure)
    repeated[1:] = sure[1:] & sure[:-1]
    return np.flatnonzero(~repeated)


def padded_windows(windows: Sequence[FloatArray]) -> FloatArray:
    """Shape (windows, frames, labels); padding is certain blank, which changes no score."""
    longest = max(1, *(len(window) for window in windows))
    padded = np.full((len(windows), longest, windows[0].shape[1]), -np.inf, np.float32)
    padded[:, :, BLANK] = 0
    for row, window in zip(padded, windows, strict=True):
        row[: len(window)] = window
    return padded
