"""When each token of a known text was spoken, for recordings that training may hear."""

from __future__ import annotations

from itertools import groupby, product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from training.thai_speech.forced_alignment import align


def best_score(log_probs: NDArray[np.float32], tokens: list[int]) -> float:
    """Of every path that reads as the tokens, tried one by one."""
    frames, labels = log_probs.shape
    readable = (
        path
        for path in product(range(labels), repeat=frames)
        if [label for label, _ in groupby(path) if label] == tokens
    )
    return max((float(log_probs[np.arange(frames), path].sum()) for path in readable), default=-np.inf)


@given(st.integers(0, 999), st.lists(st.integers(1, 2), max_size=4))
def test_a_path_is_found_when_there_is_one(seed: int, tokens: list[int]) -> None:
    """ASR-048: frames are in order and one a token; a text that does not fit into the audio has none."""
    log_probs = np.log(np.random.default_rng(seed).dirichlet(np.ones(3), 5)).astype(np.float32)
    found = align(log_probs, tokens)
    assert (found is None) == np.isneginf(best_score(log_probs, tokens))
    if found is not None:
        assert len(found) == len(tokens)
        assert found == sorted(set(found))


def test_tokens_are_where_they_were_spoken() -> None:
    """ASR-048: each token is in its most certain frame of the best path."""
    spoken = np.full((8, 4), 0.02)
    spoken[[0, 1, 3, 4, 6, 7], 0] = 0.94
    spoken[2, 3] = spoken[5, 1] = 0.94
    assert align(np.log(spoken).astype(np.float32), [3, 1]) == [2, 5]
