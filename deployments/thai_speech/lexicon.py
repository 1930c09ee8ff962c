"""The pronunciation lexicon of the package: word, frequency, phonemes."""

from __future__ import annotations

import lzma
from functools import cache
from pathlib import Path
from typing import NamedTuple

from deployments.thai_speech.phonemes import Pronunciation, parse

PATH = Path(__file__).with_name("lexicon.tsv.xz")


class Entry(NamedTuple):
    """How often a word is written, and how it is spoken."""

    frequency: int
    pronunciation: Pronunciation


Lexicon = dict[str, Entry]


def read(text: str) -> Lexicon:
    """Lines of word, count, phonemes. Raises ValueError for a line that is no Thai pronunciation."""
    entries: Lexicon = {}
    for line in text.splitlines():
        word, count, phonemes = line.split("\t")
        entries[word] = Entry(int(count), parse(phonemes))
    return entries


@cache
def lexicon() -> Lexicon:
    """Every word of the package; read once (about 20,000 words, 0.1 s)."""
    return read(lzma.decompress(PATH.read_bytes()).decode("utf-8"))
