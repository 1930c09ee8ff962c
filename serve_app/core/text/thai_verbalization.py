"""Written Thai to spoken Thai words: numbers, signs and abbreviations.

Non-standard words (Sproat et al. 2001, "Normalization of non-standard words") are found by one table,
`RULES`; at each place the first rule that fits reads. Speech, reading scores and aligners all ask here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from serve_app.core.text.thai_abbreviations import SHORTENED
from serve_app.core.text.thai_rules import RULES

_STOP = re.compile(r"\.+\s?")
"""Behind a word that was read it is a pause: `6.` must not look like an abbreviation of หก."""
_ELLIPSIS = re.compile(f"((?:{'|'.join(SHORTENED)})(?!ลฯ))|ฯ")


class Part(NamedTuple):
    """A stretch of a text."""

    written: str
    spoken: str
    """Letters, and spaces for pauses; as written unless a rule has read it."""
    read: bool = False
    """By a rule, and not as it is written."""


_RULE = re.compile("|".join(f"(?P<rule{number}>{rule.pattern})" for number, rule in enumerate(RULES)))


def parts(text: str) -> Iterator[Part]:
    """A text in order; what is written in all parts together is `plain(text)`."""
    written, last = plain(text), 0
    while match := _RULE.search(written, last):
        if before := written[last : match.start()]:
            yield Part(before, before)
        spoken = RULES[int(str(match.lastgroup).removeprefix("rule"))].speak(match[0])
        read = spoken != match[0].rstrip(".")
        yield Part(match[0] if read else spoken, spoken, read)
        last = match.end() if read else match.start() + len(spoken)
        if stop := _STOP.match(written, last):
            yield Part(stop[0], " ", read=True)
            last = stop.end()
    if after := written[last:]:
        yield Part(after, after)


def verbalized(text: str) -> str:
    """A text as it is said: no digits are left, and no signs but those that make a pause.

    Letters stay, those of other scripts too. Verbalising twice changes nothing.
    """
    return "".join(part.spoken for part in parts(text))


def plain(text: str) -> str:
    """A text with one character for each meaning: ASCII digits, `^2` for ², `4` for Ⅳ, `1/2` for ½.
    A ฯ that is silent is gone."""
    if text.isascii():
        return text
    return _ELLIPSIS.sub(lambda found: found[1] or "", "".join(map(_plain, text)))


def _plain(character: str) -> str:
    kind = unicodedata.category(character)
    if kind == "Nd":
        return str(unicodedata.decimal(character))
    if kind in ("No", "Nl"):
        return _number(character)
    wide = unicodedata.east_asian_width(character) == "F" or character in "℃℉"
    return unicodedata.normalize("NFKC", character) if wide else character


def _number(character: str) -> str:
    """A whole number or a fraction in ASCII; a space for one that has no such writing."""
    composed = unicodedata.normalize("NFKC", character)
    if "\N{FRACTION SLASH}" in composed:
        return " " + composed.replace("\N{FRACTION SLASH}", "/")
    value = unicodedata.numeric(character)
    if value != int(value):
        return " "
    raised = unicodedata.decomposition(character).startswith("<super>")
    return f"^{int(value)}" if raised else str(int(value))
