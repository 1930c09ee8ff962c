"""Viterbi beam search over the states (trie node, last label), vectorised over windows and nodes.

This first pass knows unigrams only: paths that meet in a state merge by maximum, and there is one restart at
the root for each frame. A history is therefore one number, the frame in which the open word began. The words
that end in each frame are the lattice in which `lattice.py` finds the best sentence (two-pass search with the
time-conditioned approximation, Ortmanns, Ney and Aubert 1997).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deployments.thai_speech.phonemes import BLANK
from deployments.thai_speech.trie import FloatArray, IntArray, Trie

_NEVER = np.float32(-np.inf)


@dataclass(frozen=True, slots=True)
class Search:
    """Weights and widths, tuned on `training/thai_speech/dev_sentences.txt`."""

    beam: int = 24
    """Trie nodes kept after each frame. On the development sentences 150 find no more."""
    labels: int = 8
    """Best labels of a frame that a path may continue with."""
    endings: int = 6
    """Words kept that end in one frame, homophones counted once. 4 to 32 make no difference beyond noise."""
    histories: int = 4
    """Words that the next one may follow, for each moment; more find nothing better."""
    language_weight: float = 1.0
    word_score: float = 1.0
    """Added for each word: above 0 favours more and shorter words."""
    sure_blank: float = 0.95
    """Of neighbouring frames that are blank with this probability one is enough; above 1 keeps all."""


class Paths(NamedTuple):
    """The beam, shape (windows, beam) each: nodes with the best path that ends in a blank and the best that
    ends in the node's own label, and the frame in which the open word of either began."""

    node: IntArray
    blank: FloatArray
    blank_start: IntArray
    label: FloatArray
    label_start: IntArray


class Endings(NamedTuple):
    """The word lattice: the words that end in each frame, shape (windows, frames, search.endings)."""

    silent: FloatArray
    """Shape (windows, frames + 1): best score with no word open before each frame, and at the end."""
    node: IntArray
    start: IntArray
    """First frame of the word."""
    score: FloatArray
    """Of the best path to the end of the word; -inf where fewer words end."""


class _Frame(NamedTuple):
    """One frame: scores of all labels, and the most likely labels with their scores."""

    number: int
    rows: NDArray[np.intp]
    """Numbers of the windows, shape (windows, 1): to pick from each row what is its own."""
    scores: FloatArray
    labels: NDArray[np.intp]
    label_scores: FloatArray


class _Entries(NamedTuple):
    """Children that open in this frame, shape (windows, parents * labels)."""

    child: IntArray
    score: FloatArray
    start: IntArray


def search_words(log_probs: FloatArray, trie: Trie, search: Search) -> tuple[Paths, Endings]:
    """`log_probs` (windows, frames, labels) to the beam at the end and the words found on the way."""
    count, length, labels = log_probs.shape
    shape = (count, length, min(search.endings, search.beam))
    endings = Endings(
        np.zeros((count, length + 1), np.float32),
        np.zeros(shape, np.int32),
        np.zeros(shape, np.int32),
        np.zeros(shape, np.float32),
    )
    audible = log_probs.copy()
    audible[:, :, BLANK] = _NEVER
    width = min(search.labels, labels - 1)
    best = np.argpartition(-audible, width - 1, axis=2)[:, :, :width]
    best_scores = np.take_along_axis(audible, best, axis=2)
    paths = _nothing(count, search.beam, trie)
    place, rows = np.full((count, trie.dead + 1), -1, np.int16), np.arange(count)[:, None]
    for number in range(length):
        frame = _Frame(number, rows, log_probs[:, number], best[:, number], best_scores[:, number])
        paths = _advance(paths, endings.silent[:, number], frame, trie, search, place)
        _end_words(paths, frame, endings, trie, search)
    return paths, endings


def _nothing(count: int, beam: int, trie: Trie) -> Paths:
    never, zero = np.full((count, beam), _NEVER), np.zeros((count, beam), np.int32)
    return Paths(np.full_like(zero, trie.dead), never, zero, never, zero)


def _advance(
    paths: Paths, silent: FloatArray, frame: _Frame, trie: Trie, search: Search, place: NDArray[np.int16]
) -> Paths:
    """Every path stays in its node or enters a child; the best nodes survive."""
    staying = _stay(paths, frame, trie)
    entries = _enter(paths, silent, frame, trie, search.language_weight)
    _merge(staying, entries, frame.rows, place)
    never, zero = np.full_like(entries.score, _NEVER), np.zeros_like(entries.start)
    opened = Paths(entries.child, never, zero, entries.score, entries.start)
    every = [np.concatenate(pair, axis=1) for pair in zip(staying, opened, strict=True)]
    blank, label = every[1], every[3]
    kept = np.argpartition(-np.maximum(blank, label), search.beam - 1, axis=1)[:, : search.beam]
    return Paths(*(column[frame.rows, kept] for column in every))


def best_of_nodes(paths: Paths) -> tuple[FloatArray, IntArray]:
    """Score and start of the better of the two paths of a node."""
    in_blank = paths.blank >= paths.label
    start = np.where(in_blank, paths.blank_start, paths.label_start)
    return np.where(in_blank, paths.blank, paths.label), start


def _stay(paths: Paths, frame: _Frame, trie: Trie) -> Paths:
    """A blank after anything, or the node's own label once more."""
    best, start = best_of_nodes(paths)
    own = frame.scores[frame.rows, trie.token[paths.node]]
    return Paths(paths.node, best + frame.scores[:, :1], start, paths.label + own, paths.label_start.copy())


def _enter(paths: Paths, silent: FloatArray, frame: _Frame, trie: Trie, weight: float) -> _Entries:
    """The root is one more parent, whose words begin in this frame."""
    best, start = best_of_nodes(paths)
    count, width = frame.labels.shape
    rows = np.append(trie.row[paths.node], np.full((count, 1), trie.row[0]), axis=1)
    score = np.append(best, silent[:, None], axis=1)
    starts = np.append(start, np.full((count, 1), frame.number, np.int32), axis=1)
    child = trie.children[rows[:, :, None], frame.labels[:, None, :]]
    gained = score[:, :, None] + frame.label_scores[:, None, :] + np.float32(weight) * trie.step[child]
    return _Entries(child.reshape(count, -1), gained.reshape(count, -1), starts.repeat(width, axis=1))


def _merge(staying: Paths, entries: _Entries, rows: NDArray[np.intp], place: NDArray[np.int16]) -> None:
    """A child that the beam holds already goes there; it has one parent, so this happens once at most.

    `place` is where each node is in the beam, -1 everywhere outside this function; its last column is `dead`.
    """
    place[rows, staying.node] = np.arange(staying.node.shape[1], dtype=np.int16)
    place[:, -1] = -1
    held = place[rows, entries.child]
    place[rows, staying.node] = -1
    window, entry = np.nonzero(held >= 0)
    better = entries.score[window, entry] > staying.label[window, held[window, entry]]
    target = (window[better], held[window, entry][better])
    staying.label[target] = entries.score[window, entry][better]
    staying.label_start[target] = entries.start[window, entry][better]
    entries.score[window, entry] = _NEVER
    entries.child[np.isneginf(entries.score)] = place.shape[1] - 1  # or a node would be in the beam twice


def _end_words(paths: Paths, frame: _Frame, endings: Endings, trie: Trie, search: Search) -> None:
    """The best words that end in this frame; the best of all competes with silence."""
    ending = np.float32(search.language_weight) * trie.finish[paths.node] + np.float32(search.word_score)
    ended, width = paths.label + ending, endings.score.shape[2]
    kept = np.argpartition(-ended, width - 1, axis=1)[:, :width]
    for column, values in zip(endings[1:], (paths.node, paths.label_start, ended), strict=True):
        column[:, frame.number] = values[frame.rows, kept]
    silent = endings.silent[:, frame.number] + frame.scores[:, BLANK]
    endings.silent[:, frame.number + 1] = np.maximum(silent, ended.max(axis=1))
