"""Draws of words and what they are in another language."""

from __future__ import annotations

import random
from collections.abc import Mapping

from training.llm.tables import LANGUAGES, Slots, Word, unambiguous

NAMES_OF_LANGUAGES = {
    "en": {"en": "English", "th": "Thai", "vi": "Vietnamese"},
    "th": {"en": "อังกฤษ", "th": "ไทย", "vi": "เวียดนาม"},
    "vi": {"en": "Anh", "th": "Thái", "vi": "Việt"},
}


def translation(word: Word, code: str, source: str, target: str) -> dict[str, str]:
    """Slots of one frame: `code` is the language that is spoken around the word."""
    return {
        "word": word.text[source],
        "translation": word.text[target],
        "target": NAMES_OF_LANGUAGES[code][target],
    }


def translate(draw: random.Random) -> Slots:
    found = {}
    for code in LANGUAGES:
        target = draw.choice([other for other in LANGUAGES if other != code])
        found[code] = translation(draw.choice(unambiguous(code)), code, code, target)
    return found


def translate_back(draw: random.Random) -> Slots:
    found = {}
    for code in LANGUAGES:
        source = draw.choice([other for other in LANGUAGES if other != code])
        found[code] = translation(draw.choice(unambiguous(source)), code, source, code)
    return found


def translate_again(draw: random.Random, last: Mapping[str, str], code: str) -> Slots:
    """The word of the turn before, into the third language."""
    known = {NAMES_OF_LANGUAGES[code][other]: other for other in LANGUAGES}[last["target"]]
    (third,) = set(LANGUAGES) - {code, known}
    word = next(word for word in unambiguous(code) if word.text[code] == last["word"])
    return {each: translation(word, code, code, third) for each in LANGUAGES}
