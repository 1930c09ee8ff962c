"""Numbers with signs in words, where espeak-ng leaves a sign out or reads it in English, and where the neural
voice is given words only.

What it reads well by itself stays with it: quantities in all languages, `%`, `+` and `=` in English and
Vietnamese. Who says what is a table of docs/speech.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "to": " to ", "$": "{0} dollars", "€": "{0} euros", "£": "{0} pounds", "¥": "{0} yen",
        "₩": "{0} won", "₫": "{0} dong", "฿": "{0} baht",
    },
    "vi": {
        "to": " đến ", "$": "{0} đô la", "€": "{0} ơ rô", "£": "{0} bảng", "¥": "{0} yên", "₩": "{0} won",
        "₫": "{0} đồng", "฿": "{0} bạt", "°C": " độ C", "°": " độ", "×": " nhân ", "÷": " chia ",
        "time": "{0} giờ {1} phút",
    },
    "ms": {
        "to": " hingga ", "$": "{0} dolar", "€": "{0} yuro", "£": "{0} paun", "¥": "{0} yen",
        "₩": "{0} won", "₫": "{0} dong", "฿": "{0} baht", "°C": " darjah Celsius", "°": " darjah",
        "×": " darab ", "÷": " bahagi ", "minus": "negatif ", "%": "{0} peratus", "+": " tambah ",
        "=": " sama dengan ",
    },
    "zh": {
        "to": "到", "minus": "负", "%": "百分之{0}", "$": "{0}美元", "€": "{0}欧元", "£": "{0}英镑",
        "¥": "{0}元", "₩": "{0}韩元", "₫": "{0}越南盾", "฿": "{0}泰铢", "°C": "摄氏度", "°": "度",
        "+": "加", "=": "等于", "×": "乘", "÷": "除以", "time": "{0}点{1}分", "part": "{1}分之{0}",
    },
    "ko": {
        "to": "에서 ", "minus": "마이너스 ", "%": "{0} 퍼센트", "$": "{0} 달러", "€": "{0} 유로",
        "£": "{0} 파운드", "¥": "{0} 엔", "₩": "{0} 원", "₫": "{0} 동", "฿": "{0} 바트", "°C": "도",
        "°": "도", "+": " 더하기 ", "=": " 는 ", "×": " 곱하기 ", "÷": " 나누기 ", "time": "{0}시 {1}분",
        "part": "{1}분의 {0}",
    },
    "ja": {
        "to": "から", "minus": "マイナス", "%": "{0}パーセント", "$": "{0}ドル", "€": "{0}ユーロ",
        "£": "{0}ポンド", "¥": "{0}円", "₩": "{0}ウォン", "₫": "{0}ドン", "฿": "{0}バーツ", "°C": "度",
        "°": "度", "+": "プラス", "=": "イコール", "×": "かける", "÷": "わる", "time": "{0}時{1}分",
        "part": "{1}分の{0}",
    },
}  # fmt: skip
"""Language, then sign or kind, to what is said; `{0}` and `{1}` are the numbers beside it. Spelled so that
espeak-ng finds no English in it: ơ rô, yuro."""
_NUMBER = "[0-9]+(?:[.,][0-9]+)*"
_ENDS = rf"{_NUMBER}(?:\s?[-\u2013]\s?{_NUMBER})?"
_THOUSANDS = re.compile("(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
"""espeak-ng takes the comma for a decimal one in Malay, and our kana for a pause."""
_TELEPHONE = re.compile(r"(?<![0-9])(?:\+[0-9]{1,3}|\(?0[0-9]{1,3}\)?)(?:[- ][0-9]{2,4}){2,4}(?![0-9])")
_MONEY = re.compile(rf"([$€£¥₩₫฿])\s?({_ENDS})|({_ENDS})\s?([$€£¥₩₫฿])")
_KINDS = {
    "time": re.compile("(?<![0-9:])([01]?[0-9]|2[0-4]):([0-5][0-9])(?![0-9:])"),
    "%": re.compile(rf"({_ENDS})\s?%"),
    "part": re.compile("(?<![0-9/])([0-9]+)/([0-9]+)(?![0-9/])"),
    "to": re.compile(rf"(?<![0-9.,/-])({_NUMBER})\s?[-\u2013]\s?({_NUMBER})(?![0-9/-])"),
    "minus": re.compile(r"(?<![\w)\]/.-])[-\u2212](?=[0-9])"),
    "°C": re.compile(r"(?<=[0-9])\s?°C\b"),
    "°": re.compile(r"(?<=[0-9])\s?°"),
    **{sign: re.compile(rf"(?<=[0-9])\s?[{sign}]\s?(?=[0-9])") for sign in "+=×÷"},
}
"""In the order in which they are looked for: what stands for one number comes before what joins two."""


def in_words(text: str, language: str) -> str:
    """A text in one of `WORDS`' languages, ready for espeak-ng."""
    words = WORDS[language]
    text = _THOUSANDS.sub("", text) if language in ("ms", "ja") else text
    text = _TELEPHONE.sub(_digits, text)
    text = _MONEY.sub(lambda found: _money(found, language), text)
    for kind, pattern in _KINDS.items():
        if said := words.get(kind):
            text = pattern.sub(lambda found, said=said: _said(found, said), text)
    return text


def _said(found: re.Match[str], said: str) -> str:
    """The words with the numbers beside them; no minutes where there are none."""
    numbers = found.groups()
    if "{1}" in said and found[0].endswith(":00"):
        return said.split("{1}")[0].format(numbers[0]).rstrip()
    if "{0}" in said:
        return said.format(*numbers)
    return said.join(numbers) if numbers else said


def _digits(found: re.Match[str]) -> str:
    """Digit by digit, a pause between groups."""
    plus = "+" if found[0].startswith("+") else ""
    return plus + ", ".join(" ".join(row) for row in re.findall("[0-9]+", found[0]))


def _money(found: re.Match[str], language: str) -> str:
    """The currency after the amount; one in English is singular."""
    sign, amount = found[1] or found[4], found[2] or found[3]
    said = WORDS[language][sign].format(amount)
    return said.removesuffix("s") if language == "en" and amount == "1" else said
