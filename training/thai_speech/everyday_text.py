"""Sentences of everyday speech, written for the language model: news has few of their words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from training.thai_speech.segment import Segmenter

SENTENCES = Path(__file__).with_name("everyday_sentences.txt")
HELD_OUT = [Path(__file__).with_name(name) for name in ("sentences.txt", "dev_sentences.txt")]
SHARED = 3
"""Words in a row that no sentence may share with one of the test or development set: all were written by the
same kind of author, who likes some phrases."""

Run = tuple[int | None, ...]


def everyday_sentences(segmenter: Segmenter) -> Iterator[Sequence[int | None]]:
    """Words of the sentences that are unlike all held-out ones."""
    held_out = {run for path in HELD_OUT for words in _sentences(path, segmenter) for run in _runs(words)}
    for words in _sentences(SENTENCES, segmenter):
        if held_out.isdisjoint(_runs(words)):
            yield words


def _sentences(path: Path, segmenter: Segmenter) -> Iterator[Sequence[int | None]]:
    for line in path.read_text(encoding="utf-8").split():
        yield segmenter.words(line)


def _runs(words: Sequence[int | None]) -> Iterator[Run]:
    """Every SHARED words in a row; a shorter sentence as a whole."""
    for first in range(max(1, len(words) - SHARED + 1)):
        yield tuple(words[first : first + SHARED])
