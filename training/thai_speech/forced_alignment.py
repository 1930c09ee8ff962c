"""When each token of a known text was spoken: the best path through the CTC lattice of that text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deployments.align.viterbi import best_path, interleaved
from deployments.thai_speech.phonemes import BLANK


def align(log_probs: NDArray[np.float32], tokens: Sequence[int]) -> list[int] | None:
    """The output frame in which each token is most certain, from `log_probs` (frames, labels).

    None when the audio is too short for the text: of a recording that teaches, every token was spoken.
    """
    if not tokens:
        return []
    labels = interleaved(tokens, BLANK)
    path = best_path(log_probs, labels)
    if path is None:
        return None
    own = log_probs[np.arange(len(path)), labels[path]]
    frames = []
    for state in range(1, len(labels), 2):
        (inside,) = np.nonzero(path == state)
        frames.append(int(inside[own[inside].argmax()]))
    return frames
