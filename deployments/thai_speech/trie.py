"""The lexicon as a prefix tree over CTC tokens, in flat arrays, with the unigram scores spread along its
branches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int32]
FloatArray = NDArray[np.float32]
ROOT = 0


class SpelledWord(NamedTuple):
    """A word as the decoder sees it."""

    text: str
    chance: float
    """Log unigram probability."""
    tokens: Sequence[int]


@dataclass(frozen=True, slots=True)
class Trie:
    """Node 0 is the root. The last node, `dead`, stands for a child that does not exist; no score survives
    it."""

    children: IntArray
    """Shape (inner nodes, vocabulary): the child for a token, `dead` where there is none."""
    row: IntArray
    """Row of each node in `children`; all leaves share one empty row."""
    token: IntArray
    """Token that leads to each node."""
    step: FloatArray
    """Log unigram score gained by entering a node: the best word below it against the best below its parent
    (language model look-ahead)."""
    finish: FloatArray
    """What ending a word here adds to that, 0 for the best word below; -inf where no word ends."""
    best: FloatArray
    """Log unigram score of the best word below each node."""
    first: IntArray
    """Shape (nodes + 1,): the words that end in node n are `spellings[first[n]:first[n + 1]]`, the likeliest
    first."""
    spellings: IntArray
    """Indices into `words`; words that sound alike end in one node."""
    words: tuple[SpelledWord, ...]

    def spelled(self, node: int) -> IntArray:
        """Words that end in a node, the likeliest first."""
        return self.spellings[self.first[node] : self.first[node + 1]]

    @property
    def dead(self) -> int:
        return len(self.token) - 1


def build(words: Sequence[SpelledWord], vocabulary: int) -> Trie:
    """Raises ValueError for tokens that the decoder's merging does not allow (see `_check`)."""
    _check(words)
    branches: list[dict[int, int]] = [{}]
    token, parent = [0], [0]
    endings: list[int] = []
    for word in words:
        node = ROOT
        for step in word.tokens:
            if step not in branches[node]:
                branches[node][step] = len(branches)
                branches.append({})
                token.append(step)
                parent.append(node)
            node = branches[node][step]
        endings.append(node)
    return _arrays(tuple(words), np.array(endings), branches, np.array(token), np.array(parent), vocabulary)


def _check(words: Sequence[SpelledWord]) -> None:
    """CTC merges equal neighbours, so a word never repeats a token at once and never starts as another one
    ends.

    Thai tokens keep this by their kinds: onsets start syllables, vowels and codas end them.
    """
    if any(
        not word.tokens or any(a == b for a, b in zip(word.tokens, word.tokens[1:], strict=False))
        for word in words
    ):
        raise ValueError("a word is empty or repeats a token at once")
    if {word.tokens[0] for word in words} & {word.tokens[-1] for word in words}:
        raise ValueError("a token both starts and ends words")


def _arrays(
    words: tuple[SpelledWord, ...],
    endings: NDArray[np.intp],
    branches: list[dict[int, int]],
    token: NDArray[np.intp],
    parent: NDArray[np.intp],
    vocabulary: int,
) -> Trie:
    chances = np.array([word.chance for word in words])
    ended, best = _best(chances, endings, parent)
    order = np.lexsort((-chances, endings))
    children, row = _children(branches, vocabulary)
    return Trie(
        children,
        row,
        np.append(token, 0).astype(np.int32),
        np.append(best - best[parent], -math.inf).astype(np.float32),
        np.append(ended - best, -math.inf).astype(np.float32),
        np.append(best, -math.inf).astype(np.float32),
        np.searchsorted(endings[order], np.arange(len(token) + 2)).astype(np.int32),
        order.astype(np.int32),
        words,
    )


def _best(
    chances: NDArray[np.float64], endings: NDArray[np.intp], parent: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The best word that ends in each node, and the best at or below it; 0 for the root, so that its
    children's `step` is the whole score."""
    ended = np.full(len(parent), -math.inf)
    np.maximum.at(ended, endings, chances)
    best = ended.copy()
    for node in range(len(parent) - 1, ROOT, -1):  # children come after their parents
        best[parent[node]] = max(best[parent[node]], best[node])
    best[ROOT] = 0.0
    return ended, best


def _children(branches: list[dict[int, int]], vocabulary: int) -> tuple[IntArray, IntArray]:
    dead, inner = len(branches), [node for node, below in enumerate(branches) if below]
    children = np.full((len(inner) + 1, vocabulary), dead, np.int32)
    row = np.full(dead + 1, len(inner), np.int32)
    for place, node in enumerate(inner):
        row[node] = place
        children[place, list(branches[node])] = list(branches[node].values())
    return children, row
