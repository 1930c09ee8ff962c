"""CTC log probabilities to words with their times: lexicon, first pass with unigrams, second with bigrams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deployments.thai_speech.beam import Endings, Paths, Search, best_of_nodes, search_words
from deployments.thai_speech.confidence import Evidence, confidence
from deployments.thai_speech.expected import Expected
from deployments.thai_speech.language_model import WordChances
from deployments.thai_speech.lattice import Arcs, Lattice, Spoken, arcs_of, follow, merged, rescore
from deployments.thai_speech.phonemes import BLANK
from deployments.thai_speech.posterior import Posteriors, posteriors
from deployments.thai_speech.trie import FloatArray, SpelledWord, Trie

_UNHEARD = -6.0
"""Log probability of a token that was not heard at all: no single one may outweigh a sentence."""


class Hit(NamedTuple):
    """A word between two output frames, both inclusive."""

    text: str
    first: int
    last: int
    evidence: Evidence
    logprob: float
    """Of its tokens, each where it was heard best; their sum."""

    @property
    def confidence(self) -> float:
        """Probability that the word is right, 0..1."""
        return confidence(self.evidence)


class Decoder(NamedTuple):
    """What a search needs besides sound."""

    trie: Trie
    general: WordChances
    """Of the words of the trie, in their order."""
    search: Search = Search()
    expected: Expected | None = None
    """A text that is read aloud; its words are numbered after those of the trie."""

    @property
    def model(self) -> WordChances:
        """Of all words."""
        return self.expected.chances if self.expected else self.general

    def word(self, number: int) -> SpelledWord:
        """A word as the model numbers it."""
        of_text = number - len(self.trie.words)
        return (
            self.expected.trie.words[of_text] if self.expected and of_text >= 0 else self.trie.words[number]
        )


def decode(log_probs: Sequence[FloatArray], decoder: Decoder, final: Sequence[bool]) -> list[list[Hit]]:
    """Most likely words of each window; `log_probs` are (frames, labels) each, label 0 is blank.

    A window that is not final may end inside a word: that path competes with its score, and is shown only
    when it already is a word.
    """
    if not log_probs:
        return []
    frames = [_informative(window, decoder.search.sure_blank) for window in log_probs]
    padded = _padded([window[kept] for window, kept in zip(log_probs, frames, strict=True)])
    searched = _search(padded, decoder, ~np.array(final, bool))
    hits: list[list[Hit]] = []
    for window, kept in enumerate(frames):
        found = (searched.hit(window, spoken) for spoken in searched.words(window, final[window]))
        hits.append([hit._replace(first=int(kept[hit.first]), last=int(kept[hit.last])) for hit in found])
    return hits


def _search(log_probs: FloatArray, decoder: Decoder, unfinished: NDArray[np.bool_]) -> _Searched:
    paths, endings = search_words(log_probs, decoder.trie, decoder.search)
    arcs, silence = arcs_of(endings, decoder.trie, decoder.search), log_probs[:, :, BLANK]
    if decoder.expected:
        arcs = merged(arcs, _expected_arcs(log_probs, decoder, decoder.expected.trie))
    lattice = rescore(silence, arcs, decoder.model, decoder.search)
    probable = posteriors(lattice, silence, endings, paths, unfinished)
    return _Searched(log_probs, decoder, paths, endings, lattice, probable)


def _expected_arcs(log_probs: FloatArray, decoder: Decoder, trie: Trie) -> Arcs:
    _, endings = search_words(log_probs, trie, decoder.search)
    arcs = arcs_of(endings, trie, decoder.search)
    return arcs._replace(word=arcs.word + len(decoder.trie.words))


@dataclass(frozen=True, slots=True)
class _Searched:
    """Both passes over all windows, to be read window by window."""

    log_probs: FloatArray
    decoder: Decoder
    paths: Paths
    endings: Endings
    lattice: Lattice
    posteriors: Posteriors

    def words(self, window: int, final: bool) -> list[Spoken]:
        """The best words of a window, with the one that is still open at its end when that is likelier."""
        if not final:
            score, start = (column[window] for column in best_of_nodes(self.paths))
            before = self.lattice.histories.score[window].max(axis=1)
            total = score - self.endings.silent[window, start] + before[start]
            best = int(total.argmax())
            if total[best] >= before[-1]:
                return self._with_open_word(window, int(self.paths.node[window, best]), int(start[best]))
        return self.lattice.words(window, self.log_probs.shape[1])

    def _with_open_word(self, window: int, node: int, first: int) -> list[Spoken]:
        """The words before it, and the open one if it is a word already."""
        spellings = self.decoder.trie.spelled(node)
        if not len(spellings):
            return self.lattice.words(window, first)
        place = np.full(len(spellings), window), np.full(len(spellings), first)
        followed = follow(self.lattice.histories, *place, spellings, self.decoder.model, self.decoder.search)
        best = int(followed.score.argmax())
        last = first + int(self.log_probs[window, first:, self.decoder.trie.token[node]].argmax())
        return [*self.lattice.trail(int(followed.arc[best])), Spoken(int(spellings[best]), first, last)]

    def hit(self, window: int, spoken: Spoken) -> Hit:
        """A word with its text and what speaks for it."""
        word = self.decoder.word(spoken.word)
        heard = self.log_probs[window, spoken.first : spoken.last + 1, list(word.tokens)].max(axis=1)
        evidence = Evidence(self.posteriors.of(window, spoken), len(word.tokens))
        return Hit(word.text, spoken.first, spoken.last, evidence, float(heard.clip(_UNHEARD).sum()))


def _informative(window: FloatArray, sure_blank: float) -> NDArray[np.intp]:
    """Frames to search: of each run of sure blanks the first."""
    sure = window[:, BLANK] > np.log(sure_blank)
    repeated = np.zeros_like(sure)
    repeated[1:] = sure[1:] & sure[:-1]
    return np.flatnonzero(~repeated)


def _padded(windows: Sequence[FloatArray]) -> FloatArray:
    """Shape (windows, frames, labels); padding is certain blank, which changes no score."""
    longest = max(1, *(len(window) for window in windows))
    padded = np.full((len(windows), longest, windows[0].shape[1]), -np.inf, np.float32)
    padded[:, :, BLANK] = 0
    for row, window in zip(padded, windows, strict=True):
        row[: len(window)] = window
    return padded
