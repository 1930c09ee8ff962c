"""Comparing captions. Thai is written without spaces, so words are newmm tokens (pythainlp). Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import accumulate
from typing import Any

from pythainlp.benchmarks import character_error_rate
from pythainlp.tokenize import word_tokenize


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a caption and when it ends in the audio, where the event says so."""

    text: str
    end_ms: float | None


def normalised(text: str) -> str:
    """Letters, marks and digits only: spacing and punctuation are not what a recogniser is judged by."""
    composed = unicodedata.normalize("NFC", text).casefold()
    return "".join(char for char in composed if unicodedata.category(char)[0] in "LMN")


def character_errors(reference: str, text: str) -> tuple[float, int]:
    """Edits that turn the text into the reference, and characters of the reference (both normalised)."""
    wanted = normalised(reference)
    return character_error_rate(wanted, normalised(text)) * len(wanted), len(wanted)


def tokens(event: Mapping[str, Any]) -> list[Token]:
    """The words of a caption event, with the times of its `words`, else of its `segments`.

    Inside a stretch that holds several newmm words, time is shared out by letters.
    """
    stretches = event.get("words") or event.get("segments")
    if not stretches:
        return [Token(word, None) for word in words(event["text"])]
    return [token for stretch in stretches for token in _timed(stretch)]


@lru_cache(maxsize=65_536)
def words(text: str) -> tuple[str, ...]:
    """newmm words without spaces and punctuation. Partials repeat themselves, hence the cache."""
    found = (normalised(word) for word in word_tokenize(text, engine="newmm", keep_whitespace=False))
    return tuple(word for word in found if word)


def found_in(wanted: Sequence[Token], caption: Sequence[Token]) -> set[int]:
    """Which words of `wanted` the caption has, in the same order (alignment); gives indexes into `wanted`."""
    matcher = SequenceMatcher(
        None, [token.text for token in caption], [token.text for token in wanted], autojunk=False
    )
    return {block.b + i for block in matcher.get_matching_blocks() for i in range(block.size)}


def _timed(stretch: Mapping[str, Any]) -> list[Token]:
    found = words(stretch["text"])
    start, length = stretch["start"] * 1000, (stretch["end"] - stretch["start"]) * 1000
    letters = list(accumulate(len(word) for word in found))
    return [
        Token(word, start + length * upto / letters[-1]) for word, upto in zip(found, letters, strict=True)
    ]
