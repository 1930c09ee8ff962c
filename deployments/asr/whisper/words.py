"""From Whisper's tokens and their times to words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import merge_punctuations
from numpy.typing import NDArray
from pythainlp.tokenize import word_tokenize

from serve_app.core.text.thai import unspaced_script
from serve_app.engines import Word

OPENING = "\"'“¿([{-"
CLOSING = "\"'.。,，!！?？:：”)]}、"
"""Marks that stay with the next and with the last word: Whisper's own lists (`transcribe.py`)."""
BROKEN = "\ufffd"
"""Shown for bytes that are no whole character, where the decoder stopped inside one."""


class Span(NamedTuple):
    """A stretch of text with its time in seconds; text keeps the spaces that Whisper wrote."""

    text: str
    start: float
    end: float
    probability: float


class TimedTokens(NamedTuple):
    """What was decoded from one piece of audio."""

    ids: list[int]
    times: NDArray[np.float64]
    """Seconds, shape (tokens + 1,): a token begins at its own entry and ends at the next one's."""
    probabilities: Sequence[float]


def words_of(tokens: TimedTokens, tokenizer: Tokenizer) -> list[Word]:
    """Bare words in order, punctuation attached.

    Thai is cut into dictionary words, other unspaced scripts where their tokens end, all else at spaces.
    """
    spans = list(_spans(tokens, tokenizer))
    if tokenizer.language_code == "th":
        spans = list(_thai_words(spans))
    return [
        Word(text, round(span.start, 3), round(span.end, 3), round(span.probability, 4))
        for span in _whole_words(span for span in _punctuated(spans) if span.text)
        if (text := span.text.replace(BROKEN, "").strip())
    ]


def _spans(tokens: TimedTokens, tokenizer: Tokenizer) -> Iterator[Span]:
    """Words as the tokenizer splits them; it wants the end mark to close the last one."""
    texts, groups = tokenizer.split_to_word_tokens([*tokens.ids, tokenizer.eot])
    last = 0
    for text, group in zip(texts[:-1], groups[:-1], strict=True):
        first, last = last, last + len(group)
        probability = float(np.mean(tokens.probabilities[first:last]))
        yield Span(text, float(tokens.times[first]), float(tokens.times[last]), probability)


def _thai_words(spans: Sequence[Span]) -> Iterator[Span]:
    """The same text in dictionary words (newmm: maximal matching). Characters share their span's time."""
    characters = [character for span in spans for character in _characters(span)]
    last = 0
    for word in word_tokenize("".join(span.text for span in characters), engine="newmm"):
        first, last = last, last + len(word)
        own = characters[first:last]
        probability = sum(span.probability for span in own) / len(own)
        yield Span(word, own[0].start, own[-1].end, probability)


def _characters(span: Span) -> Iterator[Span]:
    edges = np.linspace(span.start, span.end, len(span.text) + 1).tolist()
    for character, start, end in zip(span.text, edges, edges[1:], strict=False):
        yield Span(character, start, end, span.probability)


def _punctuated(spans: Sequence[Span]) -> Iterator[Span]:
    """Marks joined to their words, whose times stay as they are."""
    merged: list[dict[str, Any]] = [{"word": span.text, "tokens": []} for span in spans]
    merge_punctuations(merged, OPENING, CLOSING)
    for span, entry in zip(spans, merged, strict=True):
        yield span._replace(text=entry["word"])


def _whole_words(spans: Iterable[Span]) -> Iterator[Span]:
    """Parts that Whisper wrote without a space between joined: c'est, L.A., 0.5. Not in scripts that have no
    spaces, nor between them and others."""
    whole: Span | None = None
    for span in spans:
        if whole and _tied(whole.text[-1], span.text[0]):
            whole = Span(
                whole.text + span.text, whole.start, span.end, min(whole.probability, span.probability)
            )
        else:
            if whole:
                yield whole
            whole = span
    if whole:
        yield whole


def _tied(last: str, first: str) -> bool:
    """Whether two characters side by side belong to one word."""
    return not (last.isspace() or first.isspace() or unspaced_script(last) or unspaced_script(first))
