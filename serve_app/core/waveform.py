"""The shape of a recording, small enough to draw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from serve_app.core.audio.pcm import AUDIBLE, Pcm16


def peaks(samples: Pcm16, bars: int) -> NDArray[np.float64]:
    """The loudest sample in each of equal parts of a recording that is not empty, shape (bars,), 0..1.

    1 is the loudest sample of all, unless nobody could hear it: silence stays flat.
    """
    edges = np.linspace(0, len(samples), bars, endpoint=False).astype(np.intp)
    loudest = np.maximum.reduceat(np.abs(samples.astype(np.int32)), edges)
    shape: NDArray[np.float64] = loudest / max(AUDIBLE, int(loudest.max()))
    return shape
