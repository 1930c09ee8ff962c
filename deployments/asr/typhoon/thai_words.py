"""From a transducer's tokens to Thai words with times."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from pythainlp.tokenize import word_tokenize

from serve_app.engines import Word

FRAME_SECONDS = 0.08
"""One encoder frame: 8 feature frames of 10 ms."""
_MARK = re.compile(r"<[^<>]+>")
"""`<unk>`, `<pad>`, `<blank>`: pieces of the vocabulary that nobody says."""
_SPACE = "\u2581"
"""How SentencePiece writes a space."""


class Token(NamedTuple):
    """One emitted symbol."""

    id: int
    frame: int
    """Encoder frame at which it was emitted."""
    logprob: float
    """Natural logarithm of its probability."""


class _Character(NamedTuple):
    text: str
    start: float
    """Encoder frames."""
    end: float
    token: int
    """Index of the token that it is part of."""


def spoken(piece: str) -> str:
    """The text of a SentencePiece piece."""
    return "" if _MARK.fullmatch(piece) else piece.replace(_SPACE, " ")


def words_of(tokens: Sequence[Token], texts: Sequence[str], duration: float) -> tuple[Word, ...]:
    """Dictionary words (newmm: maximal matching) of tokens in order of their frames.

    `texts` holds the text of every token id, `duration` the seconds that were heard. A word lasts from the
    frame of its first character's token to the frame after its last one's; characters of one frame share it,
    so words never overlap. Confidence is the geometric mean of the tokens' probabilities: unlike their
    product it does not fall with the length of the word, and unlike the arithmetic mean it shows a bad token.
    """
    characters = list(_characters(tokens, texts))
    words: list[Word] = []
    last = 0
    for text in word_tokenize("".join(each.text for each in characters), engine="newmm"):
        first, last = last, last + len(text)
        if own := [each for each in characters[first:last] if not each.text.isspace()]:
            logprobs = [tokens[index].logprob for index in sorted({each.token for each in own})]
            start, end = (round(min(at * FRAME_SECONDS, duration), 3) for at in (own[0].start, own[-1].end))
            words.append(Word(text.strip(), start, end, round(math.exp(sum(logprobs) / len(logprobs)), 4)))
    return tuple(words)


def _characters(tokens: Sequence[Token], texts: Sequence[str]) -> Iterator[_Character]:
    """Characters of one frame divide it evenly; a space takes no time."""
    for frame, group in groupby(range(len(tokens)), key=lambda index: tokens[index].frame):
        spelled = [(text, index) for index in group for text in texts[tokens[index].id]]
        share = 1 / max(1, sum(not text.isspace() for text, _ in spelled))
        audible = 0
        for text, index in spelled:
            start, audible = audible, audible + (not text.isspace())
            yield _Character(text, frame + start * share, frame + audible * share, index)
