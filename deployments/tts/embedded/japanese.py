"""Japanese as it is said: kana for kanji and digits, for a synthesizer that reads kana only.

Readings are SudachiPy's, with its small dictionary.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import groupby

from sudachipy import Dictionary, Morpheme, SplitMode, Tokenizer

_PARTICLES = {"は": "ワ", "へ": "エ", "を": "オ"}
"""Written by an old custom that their reading form keeps."""
_DIGITS, _PLACES, _MYRIADS = "〇一二三四五六七八九", ("", "十", "百", "千"), ("", "万", "億", "兆")
_NAMES = ("ゼロ", "イチ", "ニ", "サン", "ヨン", "ゴ", "ロク", "ナナ", "ハチ", "キュウ")
_CHANGES = {
    "サンヒャク": "サンビャク", "ロクヒャク": "ロッピャク", "ハチヒャク": "ハッピャク",
    "サンセン": "サンゼン", "ハチセン": "ハッセン", "イチチョウ": "イッチョウ",
}  # fmt: skip
"""Sounds that change inside numbers (rendaku and gemination)."""
_CHANGED = re.compile("|".join(_CHANGES))
_NUMBER = re.compile(r"([0-9]+)(?:\.([0-9]+))?")
_LONGEST_NUMBER = 16
"""Digits up to 兆; a longer one is a row of digits, as on a card."""


def kana(text: str) -> str:
    """The text with every word of kanji or digits in katakana; Latin letters and signs stay."""
    written = _NUMBER.sub(lambda number: _spelled(number[1], number[2]), text)
    return "".join(map(_said, _tokenizer().tokenize(written, SplitMode.C)))


@cache
def _tokenizer() -> Tokenizer:
    return Dictionary(dict="small").tokenizer()


def _said(word: Morpheme) -> str:
    surface, kind = word.surface(), word.part_of_speech()[0]
    if surface.isascii() or not any(map(str.isalpha, surface)):
        return surface
    if kind == "助詞" and surface in _PARTICLES:
        return _PARTICLES[surface]
    reading = _CHANGED.sub(lambda number: _CHANGES[number[0]], word.reading_form()) or surface
    greeting = kind == "感動詞" and surface.endswith("は")  # こんにちは
    return f"{reading[:-1]}ワ" if greeting else reading


def _spelled(whole: str, fraction: str | None) -> str:
    return _in_kanji(whole) + (f"テン{_row(fraction)}" if fraction else "")


def _row(digits: str) -> str:
    """Digit by digit, as telephone numbers are said."""
    return "".join(_NAMES[int(digit)] for digit in digits)


def _in_kanji(number: str) -> str:
    """2026 as 二千二十六, which the dictionary reads; what begins with 0 is a row of digits."""
    if len(number) > _LONGEST_NUMBER or number.startswith("0"):
        return _row(number)
    places = list(enumerate(reversed(number)))
    groups = [[digit for _, digit in group] for _, group in groupby(places, key=lambda place: place[0] // 4)]
    spelled = [_below_a_myriad(group) for group in groups]
    return "".join(
        f"{part}{myriad}" for part, myriad in reversed(list(zip(spelled, _MYRIADS, strict=False))) if part
    )


def _below_a_myriad(digits: list[str]) -> str:
    """Up to four digits, the last one first."""
    found = [(int(digit), place) for digit, place in zip(digits, _PLACES, strict=False) if digit != "0"]
    return "".join(
        place if digit == 1 and place else f"{_DIGITS[digit]}{place}" for digit, place in reversed(found)
    )
