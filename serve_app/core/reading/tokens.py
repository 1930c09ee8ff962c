"""The words of a text that is read aloud, and of what was said (RS-087, RS-093)."""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import pairwise

from pythainlp.tokenize import word_tokenize
from pythainlp.util import thai_digit_to_arabic_digit

from serve_app.core.fields import one_line
from serve_app.core.reading.anchoring import pieces_of
from serve_app.core.text.thai import clean
from serve_app.core.text.thai_verbalization import Part, parts, verbalized
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
    return _bare(thai_digit_to_arabic_digit(_composed(text)))


def spoken_form(text: str) -> str:
    """A text in the words that are said, in one spelling: `50%`, `๕๐ %` and `ห้าสิบเปอร์เซ็นต์` are alike."""
    return _bare(verbalized(_composed(text)))


def _composed(text: str) -> str:
    return " ".join(map(clean, one_line(text).split()))


def _bare(text: str) -> str:
    kept = (each if unicodedata.category(each)[0] in "LMN" else " " for each in INSIDE_WORDS.sub("", text))
    return " ".join("".join(kept).split())


def newmm(text: str) -> list[str]:
    """Words of a text without white space, by maximal matching: the field's usual segmenter for Thai."""
    return word_tokenize(text, engine="newmm") if text else []


def tokens_of(text: str, segment: Segmenter = newmm) -> list[str]:
    """The words of a text; white space is never one. What is not read as it is written is one as it stands:
    `50%`, `10:30 น.`"""
    return [token for part in parts(_composed(text)) for token in _tokens(part, segment)]


def _tokens(part: Part, segment: Segmenter) -> list[str]:
    if part.read:
        return [part.written.strip()] if _bare(part.spoken) else []
    return [token for piece in _bare(part.written).split() for token in segment(piece)]


def spoken_tokens(text: str, tokens: Sequence[str]) -> list[str]:
    """What is said for each token of a text, which together spell it, however it is segmented."""
    waiting, spoken = deque(tokens), list[str]()
    for part in parts(_composed(text)):
        letters = len(_bare(part.written).replace(" ", ""))
        if part.read and (said := _bare(part.spoken).replace(" ", "")):
            waiting.popleft()
            spoken.append(said)
        while not part.read and letters > 0:
            spoken.append(waiting.popleft())
            letters -= len(spoken[-1])
    return spoken


def anchored(spoken: str, reference: Sequence[str], segment: Segmenter = newmm) -> list[str]:
    """The words of what was said, cut as the reference is, so that a word that is said badly stays one word.

    `reference` are spoken tokens. What is not like the word of the reference at its place is segmented by
    itself. Together the words are the spoken form without its spaces.
    """
    return [
        token
        for piece in pieces_of(spoken_form(spoken), reference)
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
    said = "".join(letters for word in words for letters in spoken_form(word.text).split())
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
    count = len(spoken_form(word.text).replace(" ", ""))
    share = (word.end - word.start) / max(1, count)
    return ((word.start + at * share, word.start + (at + 1) * share) for at in range(count))
