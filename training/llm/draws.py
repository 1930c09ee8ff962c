"""What the slots of a turn hold: numbers, words, facts. A draw gives them in every language at once."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from training.llm.tables import LANGUAGES, Slots, by_kind, countables, facts
from training.llm.translations import translate, translate_again, translate_back

KINDS = {
    "animal": {"en": "an animal", "th": "สัตว์", "vi": "con vật"},
    "colour": {"en": "a colour", "th": "สี", "vi": "màu sắc"},
    "food": {"en": "a food", "th": "อาหาร", "vi": "món ăn"},
}


def everywhere(**slots: object) -> Slots:
    """The same slots in all languages."""
    return {code: {name: str(value) for name, value in slots.items()} for code in LANGUAGES}


def joined(*parts: Slots) -> Slots:
    return {code: {name: text for part in parts for name, text in part[code].items()} for code in LANGUAGES}


def _sum(a: int, b: int, c: int, draw: random.Random) -> Slots:
    return joined(everywhere(a=a, b=b, c=c), draw.choice(countables()))


def add(draw: random.Random) -> Slots:
    """Most sums are small ones: those can be learnt."""
    total = draw.randint(0, draw.choice((10, 20, 100)))
    a = draw.randint(0, total)
    return _sum(a, total - a, total, draw)


def subtract(draw: random.Random) -> Slots:
    a = draw.randint(0, draw.choice((10, 20, 100)))
    b = draw.randint(0, a)
    return _sum(a, b, a - b, draw)


def multiply(draw: random.Random) -> Slots:
    a, b = draw.randint(0, 10), draw.randint(0, 10)
    return _sum(a, b, a * b, draw)


def compare(draw: random.Random) -> Slots:
    a, b = draw.sample(range(101), 2)
    return everywhere(a=a, b=b, c=max(a, b))


def next_number(draw: random.Random) -> Slots:
    a = draw.randint(0, 99)
    return everywhere(a=a, c=a + 1)


def count(draw: random.Random) -> Slots:
    a, length = draw.choice((0, 1, 1, 1, draw.randint(2, 80))), draw.randint(3, 15)
    numbers = range(a, a + length)
    return everywhere(a=a, b=numbers[-1], row=", ".join(map(str, numbers)))


def category(draw: random.Random) -> Slots:
    word = draw.choice(by_kind()[draw.choice(list(KINDS))])
    return {code: {"word": word.text[code], "kind": KINDS[word.kind][code]} for code in LANGUAGES}


def three(draw: random.Random) -> Slots:
    picked = zip(("one", "two", "three"), draw.sample(by_kind()["animal"], 3), strict=True)
    named = list(picked)
    return {code: {name: word.text[code] for name, word in named} for code in LANGUAGES}


def spell(draw: random.Random) -> Slots:
    kinds = ("animal", "colour", "food", "school", "nature", "thing", "verb", "adjective", "day")
    single = [word for kind in kinds for word in by_kind()[kind] if " " not in word.text["en"]]
    word = draw.choice(single).text["en"]
    return everywhere(word=word, letters="-".join(word.upper()), length=len(word))


def _beside(kind: str, name: str, step: int) -> Callable[[random.Random], Slots]:
    def beside(draw: random.Random) -> Slots:
        row = by_kind()[kind]
        at = draw.randrange(len(row))
        other = row[(at + step) % len(row)]
        return {code: {name: row[at].text[code], "other": other.text[code]} for code in LANGUAGES}

    return beside


def add_more(draw: random.Random, last: Mapping[str, str], code: str) -> Slots:
    """To the sum of the turn before."""
    a = int(last["c"])
    b = draw.randint(0, min(10, 100 - a))
    return everywhere(a=a, b=b, c=a + b)


DRAWS: dict[str, Callable[[random.Random], Slots]] = {
    "": lambda draw: everywhere(),
    "add": add,
    "subtract": subtract,
    "multiply": multiply,
    "compare": compare,
    "next_number": next_number,
    "count": count,
    "category": category,
    "three": three,
    "spell": spell,
    "next_day": _beside("day", "day", 1),
    "previous_day": _beside("day", "day", -1),
    "next_month": _beside("month", "month", 1),
    "translate": translate,
    "translate_back": translate_back,
}
FOLLOWING: dict[str, Callable[[random.Random, Mapping[str, str], str], Slots]] = {
    "translate_again": translate_again,
    "add_more": add_more,
}


def slots_of(name: str, draw: random.Random) -> Slots:
    """Raises KeyError for a draw that is not there."""
    if name.startswith("fact:"):
        return draw.choice(facts(name.removeprefix("fact:")))
    return DRAWS[name](draw)


def everyday(draw: random.Random) -> Slots:
    """One word of every kind: `{food}`, `{animal}`, ..."""
    picked = {kind: draw.choice(rows) for kind, rows in by_kind().items()}
    return {code: {kind: word.text[code] for kind, word in picked.items()} for code in LANGUAGES}
