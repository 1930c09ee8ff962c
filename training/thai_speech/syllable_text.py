"""Running text with the syllable statistics of tltk's news corpus (PyPI, tltk 1.11, BSD-3-Clause).

The wheel carries the counts of all 364,726 syllable trigrams of 640,000 syllables. A walk that uses every
trigram as often as it was counted (an Eulerian trail of the graph whose nodes are syllable pairs) is a text
with the same statistics, out of which words can be cut.
"""

from __future__ import annotations

import pickle
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

Trigrams = dict[tuple[str, str, str], int]
COUNTS = "tltk/sylseg.3g"
LINE_END, SPACE = "\x1f", "<s>"
"""Marks of the corpus: the end of a line, often inside a phrase, and a space, alone or after a syllable."""


class _CountsOnly(pickle.Unpickler):
    """A pickle may call anything; this one may only make a defaultdict of int."""

    def find_class(self, module: str, name: str) -> type:
        allowed: dict[tuple[str, str], type] = {
            ("collections", "defaultdict"): defaultdict,
            ("builtins", "int"): int,
        }
        if (module, name) not in allowed:
            raise pickle.UnpicklingError(f"{module}.{name} is no count")
        return allowed[module, name]


def trigrams(wheel: Path) -> Trigrams:
    """Counts from the wheel. Raises UnpicklingError for a file that holds more than counts."""
    with ZipFile(wheel) as archive, archive.open(COUNTS) as file:
        return dict(_CountsOnly(file).load())


def running_text(counts: Trigrams, seed: int = 0) -> Iterator[str]:
    """Stretches of text without a space or line end; the seed chooses among equally good trails."""
    rng = random.Random(seed)
    after: dict[tuple[str, str], list[str]] = defaultdict(list)
    entered: Counter[tuple[str, str]] = Counter()
    for (first, second, third), count in counts.items():
        after[first, second] += [third] * count
        entered[second, third] += count
    for choices in after.values():
        rng.shuffle(choices)
    starts = [pair for pair, choices in after.items() for _ in range(len(choices) - entered[pair])]
    rng.shuffle(starts)
    for start in [*starts, *after]:
        yield from "".join(map(_letters, _trail(start, after))).split()


def _trail(start: tuple[str, str], after: dict[tuple[str, str], list[str]]) -> Iterator[str]:
    """Syllables from a pair on until no trigram is left; `after` is used up."""
    if after[start]:
        yield from start
    pair = start
    while after.get(pair):
        pair = (pair[1], after[pair].pop())
        yield pair[1]


def _letters(syllable: str) -> str:
    return syllable.replace(LINE_END, " ").replace(SPACE, " ")
