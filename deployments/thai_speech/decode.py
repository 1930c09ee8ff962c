"""CTC log probabilities to words with their times: lexicon and unigram language model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deployments.thai_speech.beam import Paths, Restarts, Search, search_words
from deployments.thai_speech.phonemes import BLANK
from deployments.thai_speech.trie import FloatArray, Trie


class Hit(NamedTuple):
    """A word between two output frames, both inclusive."""

    text: str
    first: int
    last: int
    confidence: float
    """0..1: mean over its tokens of the highest posterior inside these frames."""


def decode(
    log_probs: Sequence[FloatArray], trie: Trie, search: Search, final: Sequence[bool]
) -> list[list[Hit]]:
    """Most likely words of each window; `log_probs` are (frames, labels) each, label 0 is blank.

    A window that is not final may end inside a word: that path competes with its score, and is shown only
    when it already is a word.
    """
    if not log_probs:
        return []
    frames = [_informative(window, search.sure_blank) for window in log_probs]
    padded = _pad([window[kept] for window, kept in zip(log_probs, frames, strict=True)])
    paths, restarts = search_words(padded, trie, search)
    hits: list[list[Hit]] = []
    for index, kept in enumerate(frames):
        trail = _Trail(padded[index, : len(kept)], Restarts(*(column[index] for column in restarts)), trie)
        found = trail.words(None if final[index] else Paths(*(column[index] for column in paths)))
        hits.append([hit._replace(first=int(kept[hit.first]), last=int(kept[hit.last])) for hit in found])
    return hits


def _informative(window: FloatArray, sure_blank: float) -> NDArray[np.intp]:
    """Frames to search: of each run of sure blanks the first."""
    sure = window[:, BLANK] > np.log(sure_blank)
    repeated = np.zeros_like(sure)
    repeated[1:] = sure[1:] & sure[:-1]
    return np.flatnonzero(~repeated)


def _pad(windows: Sequence[FloatArray]) -> FloatArray:
    """Shape (windows, frames, labels); padding is certain blank, which changes no score."""
    longest = max(1, *(len(window) for window in windows))
    padded = np.full((len(windows), longest, windows[0].shape[1]), -np.inf, np.float32)
    padded[:, :, BLANK] = 0
    for row, window in zip(padded, windows, strict=True):
        row[: len(window)] = window
    return padded


@dataclass(frozen=True, slots=True)
class _Trail:
    """Reads the words of one window back from its restarts."""

    log_probs: FloatArray
    restarts: Restarts
    trie: Trie

    def words(self, unfinished: Paths | None) -> list[Hit]:
        """From the end to the start; from the best unfinished path when there is one and it wins."""
        frame, hits = len(self.log_probs) - 1, list[Hit]()
        if unfinished is not None and frame >= 0:
            frame, hits = self._open_word(unfinished, frame)
        while frame >= 0:
            node, start = int(self.restarts.node[frame]), int(self.restarts.start[frame])
            if node < 0:
                frame -= 1
            else:
                hits.append(self._hit(node, start, frame))
                frame = start - 1
        return hits[::-1]

    def _open_word(self, paths: Paths, frame: int) -> tuple[int, list[Hit]]:
        """The frame before the word that is still open at the end, and that word if it is one already."""
        best = np.maximum(paths.blank, paths.label)
        winner = int(best.argmax())
        if best[winner] < self.restarts.score[frame]:
            return frame, []
        node, in_blank = int(paths.node[winner]), bool(paths.blank[winner] >= paths.label[winner])
        start = int((paths.blank_start if in_blank else paths.label_start)[winner])
        if self.trie.word[node] < 0:
            return start - 1, []
        last = start + int(self.log_probs[start:, self.trie.token[node]].argmax())
        return start - 1, [self._hit(node, start, last)]

    def _hit(self, node: int, first: int, last: int) -> Hit:
        word = self.trie.words[self.trie.word[node]]
        peaks = self.log_probs[first : last + 1, list(word.tokens)].max(axis=0)
        return Hit(word.text, first, last, float(np.exp(peaks).mean()))
