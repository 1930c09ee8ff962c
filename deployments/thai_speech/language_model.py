"""A back-off bigram model over the words of the lexicon, in flat arrays."""

from __future__ import annotations

import io
import lzma
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int32]
PATH = Path(__file__).with_name("language_model.npz.xz")
STEP = 1 / 12
"""Natural log units of one quantisation step: 255 of them reach e^-21, rarer than any word, and the rounding
of half a step is far below what a weight of the decoder can notice."""


class WordChances(Protocol):
    """What a search asks of words."""

    @property
    def start(self) -> int:
        """The history before the first word."""
        ...

    def score(self, history: IntArray, word: IntArray) -> FloatArray:
        """Log probability of words after histories; the shapes broadcast."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class LanguageModel:
    """Words are numbered as in the lexicon; number `start` is the history before the first word."""

    unigram: FloatArray
    """Log probability of each word."""
    backoff: FloatArray
    """Log weight of the unigram after each history, `start` last."""
    pairs: NDArray[np.uint32]
    """history * number of words + word, sorted, and a last one that no words have."""
    seen: FloatArray
    """Log probability of the word of each pair after its history."""

    @property
    def start(self) -> int:
        return len(self.unigram)

    def score(self, history: IntArray, word: IntArray) -> FloatArray:
        """Log probability of words after histories; the shapes broadcast."""
        keys = history.astype(np.uint32) * np.uint32(self.start) + word.astype(np.uint32)
        place = np.searchsorted(self.pairs, keys)
        return np.where(
            self.pairs[place] == keys, self.seen[place], self.backoff[history] + self.unigram[word]
        )


def unigram_model(chances: Sequence[float]) -> LanguageModel:
    """A model in which no word depends on the one before."""
    unigram, never = np.array(chances, np.float32), np.array([2**32 - 1], np.uint32)
    return LanguageModel(unigram, np.zeros(len(unigram) + 1, np.float32), never, np.zeros(1, np.float32))


def pack(model: LanguageModel) -> bytes:
    """Gaps between the pairs and log probabilities of one byte each, compressed."""
    file = io.BytesIO()
    columns = (model.unigram, model.backoff, model.seen)
    unigram, backoff, seen = (np.clip(-column / STEP, 0, 255).round().astype(np.uint8) for column in columns)
    gaps = np.diff(model.pairs, prepend=np.uint32(0))
    planes = gaps.view(np.uint8).reshape(-1, 4).T.copy()
    np.savez(file, unigram=unigram, backoff=backoff, seen=seen, gaps=planes)
    return lzma.compress(file.getvalue(), preset=9 | lzma.PRESET_EXTREME)


def unpack(packed: bytes) -> LanguageModel:
    """Undoes `pack` but for the rounding."""
    arrays = np.load(io.BytesIO(lzma.decompress(packed)))
    unigram, backoff, seen = (arrays[n] * np.float32(-STEP) for n in ("unigram", "backoff", "seen"))
    gaps = np.ascontiguousarray(arrays["gaps"].T).view(np.uint32)[:, 0]
    return LanguageModel(unigram, backoff, gaps.cumsum(dtype=np.uint32), seen)


@cache
def language_model() -> LanguageModel:
    """The model of the package, read once in a process."""
    return unpack(PATH.read_bytes())
