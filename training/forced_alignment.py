"""When each token of a known text was spoken: the best path through the CTC lattice of that text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deployments.thai_speech.phonemes import BLANK


def align(log_probs: NDArray[np.float32], tokens: Sequence[int]) -> list[int] | None:
    """The output frame in which each token is most certain, from `log_probs` (frames, labels).

    None when the audio is too short for the text. Viterbi over the blank-interleaved tokens (Graves et al.
    2006, section 4.1, with max for sum).
    """
    if not tokens:
        return []
    labels = np.full(2 * len(tokens) + 1, BLANK)
    labels[1::2] = tokens
    path = _best_path(log_probs[:, labels], _may_skip(labels))
    if path is None:
        return None
    own = log_probs[np.arange(len(path)), labels[path]]
    frames = []
    for state in range(1, len(labels), 2):
        (inside,) = np.nonzero(path == state)
        frames.append(int(inside[own[inside].argmax()]))
    return frames


def _may_skip(labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """States that may follow the one two before: tokens that differ from the token before."""
    skips = np.zeros(len(labels), bool)
    skips[3::2] = labels[3::2] != labels[1:-2:2]
    return skips


def _best_path(scores: NDArray[np.float32], skips: NDArray[np.bool_]) -> NDArray[np.int64] | None:
    """State of each frame; `scores` (frames, states)."""
    frames, states = scores.shape
    best, came = np.full(states, -np.inf), np.zeros((frames, states), np.int8)
    best[:2] = scores[0, :2]
    for frame in range(1, frames):
        steps = np.full((3, states), -np.inf)
        steps[0], steps[1, 1:], steps[2, 2:] = best, best[:-1], np.where(skips[2:], best[:-2], -np.inf)
        came[frame] = steps.argmax(axis=0)
        best = steps.max(axis=0) + scores[frame]
    state = states - 1 if best[-1] >= best[-2] else states - 2
    if np.isneginf(best[state]):
        return None
    path = np.empty(frames, np.int64)
    for frame in range(frames - 1, -1, -1):
        path[frame] = state
        state -= came[frame, state]
    return path
