"""Reads Thai words that the lexicon does not know, by the rules of the script.

Every way to cut the letters into syllables has a cost, and dynamic programming takes the cheapest: written
vowels are cheaper than implied ones, and a lone consonant or a stray mark is dear but always possible, so
that any string has a reading. Rules after Haas, *The Thai System of Writing* (1956).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from deployments.thai_speech.phonemes import Pronunciation, Syllable

_INITIAL_SOUNDS = {
    "k": "ก", "kh": "ขฃคฅฆ", "N": "ง", "c": "จ", "ch": "ฉชฌ", "s": "ซศษส", "j": "ญย", "d": "ฎด", "t": "ฏต",
    "th": "ฐฑฒถทธ", "n": "ณน", "b": "บ", "p": "ป", "ph": "ผพภ", "f": "ฝฟ", "m": "ม", "r": "รฤ", "l": "ลฬฦ",
    "w": "ว", "h": "หฮ", "?": "อ",
}  # fmt: skip
_FINAL_SOUNDS = {
    "k": "กขคฆ", "t": "จฉชซฌฎฏฐฑฒดตถทธศษส", "p": "บปผพฟภ", "n": "ญณนรลฬ", "m": "ม", "N": "ง", "j": "ย",
    "w": "ว",
}  # fmt: skip
_INITIAL = {letter: sound for sound, letters in _INITIAL_SOUNDS.items() for letter in letters}
_FINAL = {letter: sound for sound, letters in _FINAL_SOUNDS.items() for letter in letters}
_HIGH, _MIDDLE = frozenset("ขฃฉฐถผฝศษสห"), frozenset("กจฎฏดตบปอ")
_SONORANT = frozenset("งญณนมยรลวฬ")
_CLUSTER = re.compile("[กขคปผพต]ร|[กขคปผพ]ล|[กขค]ว|[บฟด]ร|[บฟ]ล")
_SILENCED = re.compile("(?:[ดตท](?=ร)|ก(?=ษ))?[ก-ฮ][ิุ]?์")
_SILENT_VOWEL = re.compile("(ชาต|ญาต|ธาต|เหต)[ิุ]|(เกีย)รติ")
_ORDER = re.compile("([่้๊๋])([ัิีึืุู])")

_C, _T = "(?P<onset>[ก-ฮ]{1,2}?)", "(?P<mark>[่้๊๋]?)"
_FREE = "(?![ะ-ฺ็่้๊๋]|รร)"
"""What follows a final consonant: no mark, or the consonant would start a syllable of its own."""
_F = f"(?P<coda>[ก-ฮ]){_FREE}"


class _Pattern(NamedTuple):
    spelled: re.Pattern[str]
    vowel: str
    coda: str
    cost: float


def _pattern(spelling: str, vowel: str, coda: str = "", cost: float = 1.0) -> _Pattern:
    text = spelling.replace("C", _C).replace("T", _T).replace("F", _F)
    return _Pattern(re.compile(text), vowel, coda, cost)


_PATTERNS = tuple(
    _pattern(*row)
    for row in (
        ("เCีTยะ", "ia"), ("เCีTยF", "iia"), ("เCีTย", "iia"), ("เCืTอะ", "Ua"), ("เCืTอF", "UUa"),
        ("เCืTอ", "UUa"), ("CัTวะ", "ua"), ("CัTว", "uua"), ("เCTาะ", "O"), ("เCTอะ", "@"), ("เCTอF", "@@"),
        ("เCTอ", "@@"), ("เCิTF", "@@"), ("เCTา", "a", "w"), (f"เCTย{_FREE}", "@@", "j"), ("เCTะ", "e"),
        ("แCTะ", "x"), ("โCTะ", "o"), ("เC็F", "e"), ("แC็F", "x"), ("C็อF", "O"), ("C็", "O"),
        ("เCTF", "ee"), ("แCTF", "xx"), ("โCTF", "oo"), ("เCT", "ee", "", 1.2), ("แCT", "xx", "", 1.2),
        ("โCT", "oo", "", 0.9), ("[ไใ]CTย", "a", "j"), ("[ไใ]CT", "a", "j"), ("CTำ", "a", "m"), ("CTะ", "a"),
        ("CัTF", "a"), ("CTาF", "aa"), ("CTา", "aa"), ("CิTF", "i"), ("CิT", "i"), ("CีTF", "ii"),
        ("CีT", "ii"), ("CึTF", "U"), ("CึT", "U"), ("CืTอ", "UU"), ("CืTF", "UU"), ("CืT", "UU"),
        ("CุTF", "u"), ("CุT", "u"), ("CูTF", "uu"), ("CูT", "uu"), ("CTอF", "OO"), ("CTอ", "OO"),
        ("CTวF", "uua"), ("CรรF", "a"), ("Cรร", "a", "n"), ("CTF", "o", "", 1.3), ("CT", "a", "", 1.9),
    )
)  # fmt: skip
_EXTRA_SYLLABLE = 0.6
"""Two consonants that are no cluster are read with an /a/ between them, as in /sa-nuk/."""
_STRAY = 9.0
"""Cost of dropping a sign that fits nowhere."""


class _Reading(NamedTuple):
    cost: float
    syllables: Pronunciation


def pronounce(word: str) -> Pronunciation:
    """Syllables of any string of Thai letters; empty only when it holds no consonant."""
    word = word.replace("ฤๅ", "รื").replace("ฤ", "รึ")
    cleaned = _SILENCED.sub("", _SILENT_VOWEL.sub(lambda m: m[1] or f"{m[2]}ต", _ORDER.sub(r"\2\1", word)))
    best: list[_Reading | None] = [_Reading(0.0, ()), *[None] * len(cleaned)]
    for begin in range(len(cleaned)):
        here = best[begin]
        if here is None:
            continue
        for end, reading in _continuations(cleaned, begin):
            total = _Reading(here.cost + reading.cost, here.syllables + reading.syllables)
            rival = best[end]
            if rival is None or total.cost < rival.cost:
                best[end] = total
    last = best[-1]
    return last.syllables if last is not None else ()


def _continuations(word: str, begin: int) -> Iterator[tuple[int, _Reading]]:
    yield begin + 1, _Reading(_STRAY, ())
    for pattern in _PATTERNS:
        for match in _matches(pattern.spelled, word, begin):
            reading = _read(match, pattern)
            if reading is not None:
                yield match.end(), reading


def _matches(spelled: re.Pattern[str], word: str, begin: int) -> Iterator[re.Match[str]]:
    """The match with the shorter and, by hiding the rest of the word, the one with the longer onset."""
    match = spelled.match(word, begin)
    if match is not None:
        yield match
    longer = _longer_onset(spelled.pattern).match(word, begin)
    if longer is not None:
        yield longer


@cache
def _longer_onset(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace("{1,2}?", "{2}"))


def _read(match: re.Match[str], pattern: _Pattern) -> _Reading | None:
    groups = match.groupdict()
    written, mark = match["onset"], groups.get("mark") or ""
    coda = pattern.coda or _FINAL.get(groups.get("coda") or "", "")
    if groups.get("coda") and not coda:
        return None
    if len(written) == 1:
        return _Reading(pattern.cost, (_syllable((written,), written, pattern.vowel, coda, mark),))
    first, second = written[0], written[1]
    if (first == "ห" and second in _SONORANT) or written == "อย":
        return _Reading(pattern.cost, (_syllable((second,), first, pattern.vowel, coda, mark),))
    if written in ("ทร", "สร", "ศร", "ซร"):
        return _Reading(
            pattern.cost, (_syllable(("ซ",), "ท" if first in "ทซ" else "ส", pattern.vowel, coda, mark),)
        )
    if _CLUSTER.match(written):
        return _Reading(pattern.cost, (_syllable((first, second), first, pattern.vowel, coda, mark),))
    leader = first if second in _SONORANT and (first in _HIGH or first in _MIDDLE) else second
    minor = _syllable((first,), first, "a", "", "")
    return _Reading(
        pattern.cost + _EXTRA_SYLLABLE, (minor, _syllable((second,), leader, pattern.vowel, coda, mark))
    )


def _syllable(onset: tuple[str, ...], leader: str, vowel: str, coda: str, mark: str) -> Syllable:
    sounds = tuple(_INITIAL[letter] for letter in onset)
    live = coda in ("m", "n", "N", "j", "w") or (
        not coda and len(vowel) > 1 and vowel not in ("ia", "Ua", "ua")
    )
    long = len(vowel) > 1 and vowel not in ("ia", "Ua", "ua")
    return Syllable(sounds, vowel, coda, tone(leader, live=live, long=long, mark=mark))


def tone(leader: str, *, live: bool, long: bool, mark: str) -> int:
    """Tone from the class of the leading consonant, the kind of syllable and the mark (0 mid .. 4 rising)."""
    low_class = leader not in _HIGH and leader not in _MIDDLE
    if mark:
        return {"่": 2 if low_class else 1, "้": 3 if low_class else 2, "๊": 3, "๋": 4}[mark]
    if live:
        return 4 if leader in _HIGH else 0
    if low_class:
        return 2 if long else 3
    return 1
