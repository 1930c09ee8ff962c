"""The path of a known text through CTC outputs, whatever was left out of it or said besides."""

from __future__ import annotations

from itertools import accumulate, chain, groupby, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from deployments.align.embedded.windows import OVERLAP_S, WINDOW_S, hear_in_windows
from deployments.align.viterbi import (
    SKIP_COST,
    Passing,
    Unit,
    align,
    best_path,
    interleaved,
    with_filler,
)
from serve_app.engines import SAMPLE_RATE, Audio

LABELS = 6


def heard(*labels: int, certain: float = 0.95) -> NDArray[np.float32]:
    """Log probabilities of frames in which these labels were heard; 0 is blank."""
    spoken = np.full((len(labels), LABELS), (1 - certain) / (LABELS - 1))
    spoken[np.arange(len(labels)), labels] = certain
    return np.log(spoken).astype(np.float32)


def spans(words: list[list[Unit]]) -> list[tuple[int, int]]:
    return [(units[0].first, units[-1].end) for units in words]


def omitted(units: list[Unit]) -> bool:
    return units[0].first == units[-1].end


def test_words_are_where_they_were_said() -> None:
    """RS-059: from the first frame of a word's first token to the last of its last, heard clearly."""
    words = align(heard(0, 1, 1, 2, 0, 0, 3, 4, 0), [[1, 2], [3, 4]])
    assert spans(words) == [(1, 4), (6, 8)]
    assert all(
        unit.goodness == pytest.approx(np.log(0.95 / 0.01), abs=1e-4) for word in words for unit in word
    )


def test_other_speech_before_between_and_after_is_passed_by() -> None:
    """RS-059: what is not of the text moves no word, though it is longer than the text."""
    words = align(heard(5, 5, 0, 5, 0, 1, 2, 5, 0, 5, 3, 4, 5, 0, 5), [[1, 2], [3, 4]])
    assert spans(words) == [(5, 7), (10, 12)]
    assert min(unit.posterior for word in words for unit in word) > -0.1


def test_a_word_that_was_left_out_takes_no_time_from_others() -> None:
    """RS-053: the words around it keep their places, and nothing speaks for it."""
    words = align(heard(0, 1, 2, 0, 3, 4, 0), [[1, 2], [5, 5, 1], [3, 4]])
    assert [omitted(word) for word in words] == [False, True, False]
    assert spans(words)[0::2] == [(1, 3), (4, 6)]
    assert 3 <= words[1][0].first <= 4
    assert all(np.isneginf(unit.goodness) and np.isneginf(unit.posterior) for unit in words[1])


def test_a_token_that_was_said_wrong_is_worse_than_its_neighbours() -> None:
    """RS-032: goodness is below zero where another token was heard, above where it was the right one."""
    (word,) = align(heard(0, 1, 5, 3, 0), [[1, 2, 3]])
    assert [unit.goodness > 0 for unit in word] == [True, False, True]
    assert (word[1].first, word[1].end) == (2, 3)


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_a_text_longer_than_its_audio_has_a_path(frames: int) -> None:
    """RS-082: whatever does not fit was not said; that is no failure."""
    words = align(heard(*[0] * frames), [[1, 2, 3], [4, 5]])
    assert all(omitted(word) for word in words)


def test_a_repeated_token_needs_a_blank_between() -> None:
    """RS-059: the same sound twice is two tokens, not one long one."""
    ((first, second),) = align(heard(1, 1, 0, 1, 1), [[1, 1]])
    assert (first.first, first.end, second.first, second.end) == (0, 2, 3, 5)


OTHER = 3
"""Label of other speech beside two tokens and blank."""


def price(path: tuple[int, ...], words: list[list[int]]) -> float:
    """Of the words that a path of labels leaves out; infinite when it does not read as the others."""
    prices = [np.inf]
    for kept in product([True, False], repeat=len(words)):
        said = [word for word, here in zip(words, kept, strict=True) if here]
        if reads(path, said):
            prices.append(SKIP_COST * (sum(map(len, words)) - sum(map(len, said))))
    return min(prices)


def reads(path: tuple[int, ...], words: list[list[int]]) -> bool:
    """Whether a path says these words, and anything else between them only."""
    runs = [label for label, _ in groupby(path)]
    places = [sum(0 < x < OTHER for x in runs[:n]) for n, label in enumerate(runs) if label == OTHER]
    said = [label for label in runs if 0 < label < OTHER]
    return said == list(chain(*words)) and set(places) <= {0, *accumulate(map(len, words))}


@settings(deadline=None)
@given(
    st.integers(0, 9999),
    st.lists(st.lists(st.integers(1, 2), min_size=1, max_size=2), min_size=1, max_size=2),
)
def test_no_path_is_better(seed: int, words: list[list[int]]) -> None:
    """RS-059: of all ways to read the words, leave some out and say others, tried one by one, the best."""
    spoken = np.random.default_rng(seed).dirichlet(np.full(OTHER, 0.4), 4) + 1e-4
    log_probs, frames = with_filler(np.log(spoken).astype(np.float32), 0), np.arange(4)
    best = max(
        float(log_probs[frames, path].sum()) - price(path, words) for path in product(range(4), repeat=4)
    )
    edges = np.array([0, *accumulate(map(len, words))])
    labels = interleaved(list(chain(*words)), 0)
    labels[2 * edges] = OTHER
    path = best_path(log_probs, labels, Passing(2 * edges, SKIP_COST * edges))
    assert path is not None
    left_out = sum(len(word) for edge, word in zip(edges, words, strict=False) if 2 * edge + 1 not in path)
    assert log_probs[frames, labels[path]].sum() - SKIP_COST * left_out == pytest.approx(best, abs=1e-4)


@pytest.mark.parametrize("seconds", [0.0, 10.0, 30.0, 30.02, 58.0, 95.3])
def test_long_audio_is_heard_once(seconds: float) -> None:
    """RS-012, RS-059: windows overlap, and every frame is that of its own time, once."""
    frame, lengths = 320, list[float]()

    def hear(audio: Audio) -> NDArray[np.float32]:
        lengths.append(len(audio) / SAMPLE_RATE)
        return audio[: len(audio) // frame * frame : frame, None]

    audio = np.arange(round(seconds * SAMPLE_RATE), dtype=np.float32)
    found = hear_in_windows(audio, frame, hear)
    assert found[:, 0].tolist() == audio[: len(audio) // frame * frame : frame].tolist()
    assert max(lengths) <= WINDOW_S
    assert sum(lengths) == pytest.approx(seconds + OVERLAP_S * (len(lengths) - 1), abs=0.1)
