"""The words of a text that is read aloud, and of what was said (RS-087)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import pairwise

from pythainlp.tokenize import word_tokenize
from pythainlp.util import thai_digit_to_arabic_digit

from serve_app.core.reading_pieces import pieces_of
from serve_app.core.speech_text import one_line
from serve_app.core.thai import clean
from serve_app.engines import Word

INSIDE_WORDS = re.compile(r"(?<=\d),(?=\d{3})|(?<=[a-z])['’](?=[a-z])", re.IGNORECASE)
"""Marks that part nothing: 1,000 and don't are one word each."""

MAI_YAMOK = "ๆ"
"""Says the word before it once more."""

Segmenter = Callable[[str], list[str]]
Span = tuple[float, float]
"""Start and end in seconds."""


def normalized(text: str) -> str:
    """A text in one spelling: composed, only letters, Arabic digits, and one space between words.

    Normalising twice changes nothing.
    """
    composed = " ".join(map(clean, one_line(text).split()))
    bare = INSIDE_WORDS.sub("", thai_digit_to_arabic_digit(composed))
    kept = (each if unicodedata.category(each)[0] in "LMN" else " " for each in bare)
    return " ".join("".join(kept).split())


def newmm(text: str) -> list[str]:
    """Words of a text without white space, by maximal matching: the field's usual segmenter for Thai."""
    return word_tokenize(text, engine="newmm") if text else []


def tokens_of(text: str, segment: Segmenter = newmm) -> list[str]:
    """The words of a text; white space is never one."""
    return [token for part in normalized(text).split() for token in segment(part)]


def anchored(spoken: str, reference: Sequence[str], segment: Segmenter = newmm) -> list[str]:
    """The words of what was said, cut as the reference is, so that a word that is said badly stays one word.

    What is not like the word of the reference at its place is segmented by itself. Together the words spell
    the normalised text without its spaces.
    """
    return [
        token
        for piece in pieces_of(normalized(spoken), reference)
        for token in ([piece.text] if piece.known else segment(piece.text))
    ]


def repetitions_marked(words: Sequence[Word], reference: Sequence[str]) -> list[Word]:
    """What was said, with the mark ๆ where the reference has it: readers and recognisers repeat the word."""
    marked = {word for word, mark in pairwise(reference) if mark == MAI_YAMOK}
    told: list[Word] = []
    for word in words:
        again = bool(told) and word.text in marked and told[-1].text == word.text
        told.append(replace(word, text=MAI_YAMOK) if again else word)
    return told


def timed(tokens: Sequence[str], words: Sequence[Word]) -> list[Span | None]:
    """When each token was said, in seconds, by the recogniser's words; None where they hold nothing of it.

    The characters of a word share its time evenly.
    """
    times = [time for word in words for time in _character_times(word)]
    said = "".join(letters for word in words for letters in normalized(word.text).split())
    found = {at: times[other] for at, other in _same_characters("".join(tokens), said)}
    spans: list[Span | None] = []
    last = 0
    for token in tokens:
        first, last = last, last + len(token)
        own = [found[at] for at in range(first, last) if at in found]
        spans.append((own[0][0], own[-1][1]) if own else None)
    return spans


def _same_characters(one: str, other: str) -> Iterator[tuple[int, int]]:
    """Places in two texts, which mostly are one and the same."""
    if one == other:  # The matcher is slow where a decoder went round in circles.
        yield from enumerate(range(len(one)))
        return
    for first, second, size in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks():
        yield from ((first + at, second + at) for at in range(size))


def _character_times(word: Word) -> Iterator[Span]:
    count = len(normalized(word.text).replace(" ", ""))
    share = (word.end - word.start) / max(1, count)
    return ((word.start + at * share, word.start + (at + 1) * share) for at in range(count))
