"""Bigram search in the word lattice of the first pass, vectorised over windows, words and histories.

A word of the lattice keeps the start that the first pass gave it, whatever the words before it (Ortmanns, Ney
and Aubert 1997). Words that sound alike are told apart here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from deployments.thai_speech.beam import Endings, Search
from deployments.thai_speech.language_model import WordChances
from deployments.thai_speech.trie import FloatArray, IntArray, Trie

_NEVER = np.float32(-np.inf)
_NONE = -1


class Spoken(NamedTuple):
    """A word, and its first and last frame."""

    word: int
    first: int
    last: int


class Arcs(NamedTuple):
    """Words of all lattices in order of their last frame, shape (arcs,) each."""

    window: IntArray
    word: IntArray
    first: IntArray
    last: IntArray
    sound: FloatArray
    """Acoustic score."""


class Histories(NamedTuple):
    """The best words to follow before each frame, shape (windows, frames + 1, histories)."""

    word: IntArray
    arc: IntArray
    score: FloatArray


@dataclass(frozen=True, slots=True)
class Lattice:
    """Best predecessor of each arc, and what may come after the last frame."""

    arcs: Arcs
    before: IntArray
    """Arc before each arc, -1 for none."""
    language: FloatArray
    """Weighted score of each arc after the word before it."""
    histories: Histories

    def words(self, window: int, frame: int) -> list[Spoken]:
        """The best words that end before a frame."""
        best = self.histories.score[window, frame].argmax()
        return self.trail(int(self.histories.arc[window, frame, best]))

    def trail(self, arc: int) -> list[Spoken]:
        """The word of an arc and those before it, in order."""
        found = list[Spoken]()
        while arc != _NONE:
            found.append(
                Spoken(*(int(column[arc]) for column in (self.arcs.word, self.arcs.first, self.arcs.last)))
            )
            arc = int(self.before[arc])
        return found[::-1]


def arcs_of(endings: Endings, trie: Trie, search: Search) -> Arcs:
    """One arc for each spelling of each word."""
    last, window, column = np.nonzero(endings.score.swapaxes(0, 1) > _NEVER)
    found = (window, last, column)
    node, first = endings.node[found], endings.start[found]
    language = np.float32(search.language_weight) * (trie.best[node] + trie.finish[node])
    sound = endings.score[found] - endings.silent[window, first] - language - np.float32(search.word_score)
    count = trie.first[node + 1] - trie.first[node]
    spread = np.repeat(np.arange(len(node)), count)
    nth = np.arange(len(spread)) - np.repeat(np.cumsum(count) - count, count)
    word = trie.spellings[trie.first[node][spread] + nth]
    return Arcs(
        window[spread].astype(np.int32), word, first[spread], last[spread].astype(np.int32), sound[spread]
    )


def merged(one: Arcs, other: Arcs) -> Arcs:
    """The words of two searches of the same windows."""
    every = Arcs(*(np.concatenate(pair) for pair in zip(one, other, strict=True)))
    order = np.argsort(every.last, kind="stable")
    return Arcs(*(column[order] for column in every))


def rescore(log_blank: FloatArray, arcs: Arcs, model: WordChances, search: Search) -> Lattice:
    """`log_blank` (windows, frames): log probability of blank."""
    count, length = log_blank.shape
    shape = (count, length + 1, search.histories)
    histories = Histories(
        np.full(shape, model.start, np.int32), np.full(shape, _NONE, np.int32), np.full(shape, _NEVER)
    )
    histories.score[:, 0, 0] = 0
    lattice = Lattice(arcs, np.full(len(arcs.word), _NONE, np.int32), np.zeros_like(arcs.sound), histories)
    bounds = np.searchsorted(arcs.last, np.arange(length + 1))
    for frame in range(length):
        for column in histories:
            column[:, frame + 1] = column[:, frame]
        histories.score[:, frame + 1] += log_blank[:, frame, None]
        if bounds[frame] < bounds[frame + 1]:
            _extend(lattice, slice(bounds[frame], bounds[frame + 1]), model, search)
    return lattice


class Followed(NamedTuple):
    """How words follow what was said before, shape (words,) each."""

    score: FloatArray
    """Of the best path to the start of the word, with the word's own `language`."""
    language: FloatArray
    arc: IntArray
    """The arc it follows, -1 for none."""


def follow(
    histories: Histories,
    window: IntArray,
    first: IntArray,
    word: IntArray,
    model: WordChances,
    search: Search,
) -> Followed:
    """The best history of words that begin in frame `first`."""
    chance = model.score(histories.word[window, first], word[:, None])
    language = np.float32(search.language_weight) * chance + np.float32(search.word_score)
    scores = histories.score[window, first] + language
    best = (np.arange(len(word)), scores.argmax(axis=1))
    return Followed(scores[best], language[best], histories.arc[window, first][best])


def _extend(lattice: Lattice, new: slice, model: WordChances, search: Search) -> None:
    """Words that end in one frame become histories after it."""
    arcs, histories = lattice.arcs, lattice.histories
    window, word = arcs.window[new], arcs.word[new]
    followed = follow(histories, window, arcs.first[new], word, model, search)
    lattice.before[new], lattice.language[new] = followed.arc, followed.language
    nth = np.arange(len(window)) - np.searchsorted(window, window)
    shape = (len(histories.score), int(nth.max()) + 1)
    added = Histories(
        np.full(shape, _NONE, np.int32), np.full(shape, _NONE, np.int32), np.full(shape, _NEVER)
    )
    added.word[window, nth], added.arc[window, nth] = word, np.arange(new.start, new.stop)
    added.score[window, nth] = followed.score + arcs.sound[new]
    _merge(histories, added, int(arcs.last[new.start]) + 1, search.histories)


def _merge(histories: Histories, added: Histories, frame: int, width: int) -> None:
    """Of equal words the better stays; the best `width` remain."""
    held = Histories(histories.word[:, frame], histories.arc[:, frame], histories.score[:, frame])
    same = added.word[:, :, None] == held.word[:, None, :]
    worse = same & (added.score[:, :, None] <= held.score[:, None, :])
    added.score[worse.any(axis=2)] = _NEVER
    held.score[(same & ~worse).any(axis=1)] = _NEVER
    every = [np.concatenate(pair, axis=1) for pair in zip(held, added, strict=True)]
    kept = np.argpartition(-every[2], width - 1, axis=1)[:, :width]
    rows = np.arange(len(kept))[:, None]
    for column, values in zip(held, every, strict=True):
        column[:] = values[rows, kept]
