"""Names of people who talk."""

from __future__ import annotations

import random

from training.llm.tables import names

SYLLABLES = (
    "ma",
    "ri",
    "to",
    "la",
    "ken",
    "su",
    "vin",
    "do",
    "nay",
    "pa",
    "shi",
    "ra",
    "lu",
    "bel",
    "go",
    "mi",
)
"""Of invented names: that a name is repeated, whatever it is, can only be learnt from many."""


def some_name(language: str, draw: random.Random) -> str:
    if language == "en" and draw.random() < 0.4:
        return "".join(draw.choices(SYLLABLES, k=draw.randint(2, 3))).capitalize()
    return draw.choice(names(language))
