"""Text to what is to be spoken: pronounced Thai words, foreign text, pauses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from pythainlp.tokenize import word_tokenize
from pythainlp.util import Trie, normalize

from deployments.thai_speech.lexicon import lexicon
from deployments.thai_speech.phonemes import Pronunciation
from deployments.thai_speech.spelling import pronounce
from serve_app.core.text.thai_verbalization import parts


@dataclass(frozen=True, slots=True)
class ThaiWord:
    """One word with its syllables, at least one."""

    text: str
    pronunciation: Pronunciation


@dataclass(frozen=True, slots=True)
class ForeignText:
    """A run of another script, left to a voice that reads it."""

    text: str


@dataclass(frozen=True, slots=True)
class Pause:
    """A space or a punctuation mark."""


Chunk = ThaiWord | ForeignText | Pause

_REPEATED = re.compile(r"\s*ๆ")
_CHUNKS = re.compile(r"(?P<thai>[ก-ฺเ-๎ๆ]+)|(?P<foreign>[^\W\d_ก-๛]+)|(?P<pause>.)", re.S)
MAI_YAMOK = "ๆ"
_LOANWORDS = ("แอต", "แฮชแท็ก", "ฟาเรนไฮต์")
"""Said for signs, and in no lexicon: a segmenter would cut them."""


def pronounce_text(text: str) -> list[Chunk]:
    """Any text in reading order; neighbouring pauses are one. Numbers, signs and abbreviations are read in
    Thai words."""
    chunks: list[Chunk] = []
    for part in parts(_REPEATED.sub(MAI_YAMOK, normalize(text))):
        for match in _CHUNKS.finditer(part.spoken):
            for chunk in _chunks(str(match.lastgroup), match[0]):
                if not (isinstance(chunk, Pause) and (not chunks or isinstance(chunks[-1], Pause))):
                    chunks.append(chunk)
    return chunks


def pronounce_words(words: Sequence[str]) -> list[Pronunciation]:
    """The syllables of each word of a text that is cut already; none of what has no Thai reading.

    A repetition mark is read like the word before.
    """
    read: list[Pronunciation] = []
    for word in words:
        repeated = read[-1] if word == MAI_YAMOK and read else ()
        read.append(repeated or _syllables(word))
    return read


def _syllables(word: str) -> Pronunciation:
    chunks = [chunk for chunk in pronounce_text(word) if isinstance(chunk, ThaiWord)]
    return tuple(syllable for chunk in chunks for syllable in chunk.pronunciation)


def _chunks(kind: str, text: str) -> Iterator[Chunk]:
    if kind == "thai":
        yield from _thai(text)
    else:
        yield ForeignText(text) if kind == "foreign" else Pause()


def _thai(text: str) -> Iterator[ThaiWord]:
    previous: ThaiWord | None = None
    for word in word_tokenize(text, custom_dict=_dictionary(), engine="newmm", keep_whitespace=False):
        if word.strip(MAI_YAMOK):
            known = lexicon().get(word)
            pronunciation = known.pronunciation if known else pronounce(word)
            previous = ThaiWord(word, pronunciation) if pronunciation else None
        if previous is not None:
            yield previous


@cache
def _dictionary() -> Trie:
    return Trie([*lexicon(), *_LOANWORDS, MAI_YAMOK])
