"""Cuts audio that is too long for one decode at its quietest moments."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from serve_app.engines import SAMPLE_RATE, Audio

INAUDIBLE = 1e-4
"""Peak below which a window is silence: three steps of 16-bit audio."""
PIECE_SECONDS = 30
"""What Whisper was trained on; for other engines it bounds memory."""
QUIET_SECONDS = 0.2
"""About the closure of a stop and its release: a shorter dip lies inside a word."""


def pieces(window: Audio) -> Iterator[slice]:
    """Stretches of up to 30 s to decode on their own; none for silence.

    A cut is at the quietest moment of the second half of a piece.
    """
    if len(window) == 0 or float(np.abs(window).max()) < INAUDIBLE:
        return
    begin = 0
    while len(window) - begin > PIECE_SECONDS * SAMPLE_RATE:
        end = begin + _quiet_point(window[begin : begin + PIECE_SECONDS * SAMPLE_RATE])
        yield slice(begin, end)
        begin = end
    yield slice(begin, len(window))


def _quiet_point(piece: Audio) -> int:
    """Middle of the stretch with the least energy in the second half."""
    width, middle = int(QUIET_SECONDS * SAMPLE_RATE), len(piece) // 2
    energy: NDArray[np.float64] = np.concatenate([[0.0], np.cumsum(piece[middle:].astype(np.float64) ** 2)])
    return middle + int((energy[width:] - energy[:-width]).argmin()) + width // 2
