"""The best path of a known text through CTC outputs, and how good each of its tokens was.

Tokens and blanks interleave (Graves et al. 2006, section 4.1, with max for sum). Readers also leave words out
and say others: the states between words take in any speech at a price, and a path may pass words over.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FILLER_COST = 4.0
"""Nats for each frame of speech between words, against the unit heard most clearly there."""
SKIP_COST = 4.0
"""Nats for each token of a word that is passed over. In unseen sentences and voices 4 and 4 pass over 0.04 %
of the words that were said right, 2 and 2 pass over 0.1 %; both rank words alike."""

FloatArray = NDArray[np.float32]
Numbers = NDArray[np.float64]
States = NDArray[np.intp]


class Unit(NamedTuple):
    """One token of the text in the audio."""

    first: int
    """Output frame."""
    end: int
    """One past the last frame; equal to `first` for a token of a word that was passed over."""
    goodness: float
    """Goodness of pronunciation (Witt and Young 2000): mean over its frames of its log posterior less that of
    its best rival that is not blank; minus infinity when passed over."""
    posterior: float
    """Its best log posterior; it also knows when there was nothing to hear."""


class Passing(NamedTuple):
    """Where a path may pass words over."""

    bounds: States
    """States between words, shape (words + 1,), ascending."""
    cost: Numbers
    """Price of all words before each, shape (words + 1,)."""


def align(log_probs: FloatArray, words: Sequence[Sequence[int]], blank: int = 0) -> list[list[Unit]]:
    """The tokens of each word in `log_probs` (frames, labels), natural logarithms; words have tokens.

    There is always a path: what is not there is passed over.
    """
    tokens = [token for word in words for token in word]
    edges = np.array([0, *accumulate(map(len, words))])
    labels = interleaved(tokens, blank)
    labels[2 * edges] = log_probs.shape[1]
    path = best_path(with_filler(log_probs, blank), labels, Passing(2 * edges, SKIP_COST * edges))
    assert path is not None  # every word may be passed over
    inside = np.searchsorted(path, 2 * np.arange(len(tokens)) + 1, "left")
    outside = np.searchsorted(path, 2 * np.arange(len(tokens)) + 1, "right")
    units = [_unit(log_probs, *spoken, blank) for spoken in zip(tokens, inside, outside, strict=True)]
    return [units[begin:end] for begin, end in pairwise(edges)]


def _unit(log_probs: FloatArray, token: int, first: int, end: int, blank: int) -> Unit:
    if first == end:
        return Unit(int(first), int(end), -np.inf, -np.inf)
    heard = log_probs[first:end]
    own, rival = heard[:, token], np.delete(heard, [blank, token], axis=1).max(axis=1)
    return Unit(int(first), int(end), float((own - rival).mean()), float(own.max()))


def with_filler(log_probs: FloatArray, blank: int) -> FloatArray:
    """One more label: silence, or any speech at its price."""
    speech = np.delete(log_probs, blank, axis=1).max(axis=1) - FILLER_COST
    return np.column_stack([log_probs, np.maximum(log_probs[:, blank], speech)])


def interleaved(tokens: Sequence[int], blank: int) -> States:
    """Label of each state: blanks around every token."""
    labels = np.full(2 * len(tokens) + 1, blank, np.intp)
    labels[1::2] = tokens
    return labels


def _may_skip(labels: States) -> NDArray[np.bool_]:
    """States that may follow the one two before: tokens that differ from the token before."""
    skips = np.zeros(len(labels), bool)
    skips[3::2] = labels[3::2] != labels[1:-2:2]
    return skips


NO_PASSING = Passing(np.zeros(0, np.intp), np.zeros(0))


def best_path(log_probs: FloatArray, labels: States, passing: Passing = NO_PASSING) -> States | None:
    """State of each frame, never falling. `labels` of the states stand for columns of `log_probs`, tokens in
    the odd states. None when the audio is too short.
    """
    frames, states, skips = len(log_probs), len(labels), _may_skip(labels)
    # A frame of silence on either side: the path begins in the first state and ends in the last.
    silence = np.where(np.arange(states) % 2, -np.inf, 0.0)
    best, came = np.full(states, -np.inf), np.zeros((frames + 2, states), np.int8)
    passed = np.zeros((frames + 2, len(passing.bounds)), np.int32)
    best[0] = 0.0
    passed[0] = _pass_words(best, passing)
    for frame in range(1, frames + 2):
        steps = np.full((3, states), -np.inf)
        steps[0], steps[1, 1:], steps[2, 2:] = best, best[:-1], np.where(skips[2:], best[:-2], -np.inf)
        came[frame] = steps.argmax(axis=0)
        best = steps.max(axis=0) + (log_probs[frame - 1, labels] if frame <= frames else silence)
        passed[frame] = _pass_words(best, passing)
    return None if np.isneginf(best[-1]) else _trace(came, passed, passing.bounds)


def _pass_words(best: Numbers, passing: Passing) -> States:
    """Raise `best` between words to what it is after words passed over; the state each one comes from."""
    paid = best[passing.bounds] + passing.cost
    furthest = np.maximum.accumulate(paid)
    best[passing.bounds] = furthest - passing.cost
    return np.maximum.accumulate(np.where(paid == furthest, passing.bounds, 0))


def _trace(came: NDArray[np.int8], passed: NDArray[np.int32], bounds: States) -> States:
    """Back from the last state to the first; the frames of silence are left out."""
    number = {int(state): index for index, state in enumerate(bounds)}
    path = np.empty(len(came), np.intp)
    state = came.shape[1] - 1
    for frame in range(len(came) - 1, -1, -1):
        if state in number:
            state = int(passed[frame, number[state]])
        path[frame] = state
        state -= int(came[frame, state])
    return path[1:-1]
