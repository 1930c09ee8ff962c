"""Texts with choices: `[Hi|Hello][, there|]!` has four readings, `{name}` is a slot.

Brackets without a bar stay as they are."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping

INNERMOST = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
ARTICLE = re.compile(r"\b([Aa]) (?=[aeiou])")


def read(template: str, slots: Mapping[str, str], draw: random.Random) -> str:
    """One reading. `{Food}` is `{food}` with a capital. Raises KeyError for a slot that is not there."""
    while INNERMOST.search(template):
        template = INNERMOST.sub(lambda found: draw.choice(found[1].split("|")), template)
    text = re.sub(r"\{(\w+)\}", lambda found: _slot(found[1], slots), template)
    return ARTICLE.sub(r"\1n ", " ".join(text.split()))


def _slot(name: str, slots: Mapping[str, str]) -> str:
    return slots[name] if name in slots else _capital(slots[name.lower()])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def sloppily(text: str, draw: random.Random) -> str:
    """As people type: now and then without the capital or the mark at the end."""
    if draw.random() < 0.3:
        text = text.rstrip("?.!")
    if draw.random() < 0.25:
        text = text[:1].lower() + text[1:]
    return text or "?"
