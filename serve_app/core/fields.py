"""Rules for single fields of a request, whatever it asks for."""

from __future__ import annotations

import unicodedata

from serve_app.errors import InvalidRequest

LARGEST_SEED = 2**31 - 1
"""What every generator of random numbers takes."""
WRITTEN_INSIDE_WORDS = frozenset("\u200b\u200c\u200d\u2060")
"""Invisible marks that writers need: breaks between Thai words, joined letters and emoji."""


def one_of(field: str, value: str, known: tuple[str, ...]) -> str:
    """The value, or the first one known when it is empty. Raises InvalidRequest."""
    if value and value not in known:
        raise InvalidRequest(f"{field}: It must be one of {', '.join(known)}.")
    return value or known[0]


def either(name: str, value: str, alias: str, aliased: str) -> str:
    """The value of a field with two names. Raises InvalidRequest when both are given and differ."""
    if value and aliased and value != aliased:
        raise InvalidRequest(f"{alias}: It is another name of {name}, and the two differ.")
    return value or aliased


def one_line(text: str) -> str:
    """A text trimmed and on one line: any white space is a space, what is hidden is gone.

    Hidden are control characters, halves of surrogate pairs, and invisible formatting marks, among them all
    that turn the direction of text.
    """
    return "".join(map(_kept, text)).strip()


def _kept(character: str) -> str:
    if character.isspace():
        return " "
    hidden = unicodedata.category(character) in ("Cc", "Cf", "Cs") and character not in WRITTEN_INSIDE_WORDS
    return "" if hidden else character
