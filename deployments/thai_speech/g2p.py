"""Text to what is to be spoken: pronounced Thai words, foreign text, pauses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from pythainlp.tokenize import word_tokenize
from pythainlp.util import Trie, normalize, num_to_thaiword

from deployments.thai_speech.lexicon import lexicon
from deployments.thai_speech.phonemes import Pronunciation
from deployments.thai_speech.spelling import pronounce


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

_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_REPEATED = re.compile(r"\s*ๆ")
_CHUNKS = re.compile(
    r"(?P<number>[0-9][0-9,]*(?:\.[0-9]+)?)|(?P<thai>[ก-ฺเ-๎ๆ]+)|(?P<foreign>[^\W\d_ก-๛]+)|(?P<pause>.)", re.S
)
MAI_YAMOK = "ๆ"
_LONGEST_NUMBER = 15
"""Digits beyond which a number is read digit by digit, like a card or telephone number."""


def pronounce_text(text: str) -> list[Chunk]:
    """Any text in reading order; neighbouring pauses are one. Digits are read as Thai number words."""
    chunks: list[Chunk] = []
    for match in _CHUNKS.finditer(_REPEATED.sub(MAI_YAMOK, normalize(text.translate(_THAI_DIGITS)))):
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
    if kind == "number":
        yield from _thai(number_words(text))
    elif kind == "thai":
        yield from _thai(text)
    else:
        yield ForeignText(text) if kind == "foreign" else Pause()


def number_words(number: str) -> str:
    """`1,250.5` as Thai words; a leading zero or great length means that the digits are names, not a
    quantity."""
    whole, _, decimals = number.replace(",", "").partition(".")
    if len(whole) > _LONGEST_NUMBER or (len(whole) > 1 and whole.startswith("0")):
        spoken = "".join(num_to_thaiword(int(digit)) for digit in whole)
    else:
        spoken = num_to_thaiword(int(whole))
    return spoken + ("จุด" + "".join(num_to_thaiword(int(digit)) for digit in decimals) if decimals else "")


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
    return Trie([*lexicon(), MAI_YAMOK])
