"""The lexicon as a prefix tree over CTC tokens, in flat arrays, with the unigram scores spread along its
branches."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
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
    frequency: int
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
    word: IntArray
    """Index into `words`, -1 where no word ends."""
    words: tuple[SpelledWord, ...]
    """Of words that sound alike only the most frequent is here: a unigram model always prefers it."""

    @property
    def dead(self) -> int:
        return len(self.token) - 1


def build(words: Iterable[SpelledWord], vocabulary: int) -> Trie:
    """Raises ValueError for tokens that the decoder's merging does not allow (see `_check`)."""
    spoken: dict[tuple[int, ...], SpelledWord] = {}
    for word in sorted(words, key=lambda word: word.frequency):
        spoken[tuple(word.tokens)] = word
    kept = tuple(spoken.values())
    _check(kept)
    total = sum(word.frequency + 1 for word in kept)
    chances = [math.log((word.frequency + 1) / total) for word in kept]
    return _flatten(kept, chances, vocabulary)


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


def _flatten(words: tuple[SpelledWord, ...], chances: list[float], vocabulary: int) -> Trie:
    branches: list[dict[int, int]] = [{}]
    token, parent, best, ending = [0], [0], [0.0], [-1]
    for index, word in enumerate(words):
        node = ROOT
        for step in word.tokens:
            if step not in branches[node]:
                branches[node][step] = len(branches)
                branches.append({})
                token.append(step)
                parent.append(node)
                best.append(-math.inf)
                ending.append(-1)
            node = branches[node][step]
            best[node] = max(best[node], chances[index])
        ending[node] = index
    return _arrays(words, chances, branches, (token, parent, best, ending), vocabulary)


def _arrays(
    words: tuple[SpelledWord, ...],
    chances: list[float],
    branches: list[dict[int, int]],
    columns: tuple[list[int], list[int], list[float], list[int]],
    vocabulary: int,
) -> Trie:
    token, parent, best, ending = (np.array(column) for column in columns)
    dead, inner = len(branches), [node for node, below in enumerate(branches) if below]
    children = np.full((len(inner) + 1, vocabulary), dead, np.int32)
    row = np.full(dead + 1, len(inner), np.int32)
    for place, node in enumerate(inner):
        row[node] = place
        children[place, list(branches[node])] = list(branches[node].values())
    finish = np.where(ending >= 0, np.array(chances)[ending] - best, -math.inf)
    return Trie(
        children,
        row,
        np.append(token, 0).astype(np.int32),
        np.append(best - best[parent], -math.inf).astype(np.float32),
        np.append(finish, -math.inf).astype(np.float32),
        np.append(ending, -1).astype(np.int32),
        words,
    )
