"""Numbers in words for readers of letters only: Mandarin, Korean and Malay.

Japanese, Thai and Lao have theirs where their texts are read; English numbers are hibari's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_NUMBERS = re.compile(r"([0-9]+(?:,[0-9]{3}(?![0-9]))*)(?:[.,]([0-9]+))?")
_LONGEST = 12
"""Digits; a longer number is a row of digits, as on a card."""


class _Myriads(NamedTuple):
    """Counts in powers of ten thousand, as Chinese does and Korean took over."""

    digits: str
    places: tuple[str, ...]
    myriads: tuple[str, ...]
    point: str
    zero_inside: str
    """Said for a gap: 一百零五."""
    one_before: bool
    """A hundred is one hundred: 一百, but 백."""


_MYRIADS = {
    "zh": _Myriads("零一二三四五六七八九", ("", "十", "百", "千"), ("", "万", "亿"), "点", "零", True),
    "ko": _Myriads("영일이삼사오육칠팔구", ("", "십", "백", "천"), ("", "만", "억"), "점", "", False),
}
_YEAR = re.compile("([0-9]{4})(?=年)")
"""Digit by digit in Chinese."""
_COUNTERS = re.compile("([0-9]{1,2})(?= ?(?:시(?!월)|살|개(?!월)|명|마리|권|잔|병|시간|번째))")
_MONTHS = re.compile("(?<![0-9])(6|10)(?= ?월)")
_NATIVE = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_NATIVE_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")
"""Korean numbers before what is counted and before hours (TTS-003)."""

_MALAY = ("sifar", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "lapan", "sembilan")
_MALAY_THOUSANDS, _MALAY_POINT = ("", "ribu", "juta", "bilion"), "perpuluhan"


def in_words(text: str, language: str) -> str:
    """The text with its numbers in words, for `zh`, `ko` and `ms`."""
    if language == "zh":
        text = _YEAR.sub(lambda year: _row(year[1], "zh"), text)
    if language == "ko":
        text = _COUNTERS.sub(lambda count: _native(int(count[1])), text)
        text = _MONTHS.sub(lambda month: "유" if month[1] == "6" else "시", text)
    return _NUMBERS.sub(lambda number: _spoken(number[1].replace(",", ""), number[2], language), text)


def _spoken(whole: str, fraction: str | None, language: str) -> str:
    point = _MYRIADS[language].point if language in _MYRIADS else f" {_MALAY_POINT} "
    read = _row(whole, language) if len(whole) > _LONGEST or whole[0] == "0" else _whole(whole, language)
    return read + (point + _row(fraction, language) if fraction else "")


def _row(digits: str, language: str) -> str:
    """Digit by digit."""
    if language in _MYRIADS:
        return "".join(_MYRIADS[language].digits[int(digit)] for digit in digits)
    return " ".join(_MALAY[int(digit)] for digit in digits)


def _whole(digits: str, language: str) -> str:
    if language in _MYRIADS:
        return _in_myriads(digits, _MYRIADS[language])
    groups = list(_groups(digits, 3))
    words: list[str] = []
    for power, group in reversed(list(enumerate(groups))):
        if int(group):
            words += [_malay_below_1000(group), _MALAY_THOUSANDS[power]]
    return re.sub(r"\bsatu ribu\b", "seribu", " ".join(filter(None, words)))


def _groups(digits: str, size: int) -> Iterator[str]:
    """Groups of so many digits, the last one first."""
    for end in range(len(digits), 0, -size):
        yield digits[max(0, end - size) : end]


def _in_myriads(digits: str, way: _Myriads) -> str:
    groups = list(_groups(digits, 4))
    spoken = ""
    for power, group in reversed(list(enumerate(groups))):
        if int(group):
            gap = way.zero_inside if spoken and group[0] == "0" else ""
            spoken += gap + _below_a_myriad(group, way) + way.myriads[power]
    if way.one_before:
        return re.sub("^一十", "十", spoken)
    return re.sub("^일만", "만", spoken)


def _below_a_myriad(digits: str, way: _Myriads) -> str:
    said, gap = "", False
    for place, digit in zip(reversed(range(len(digits))), digits, strict=True):
        if digit == "0":
            gap = bool(said)
            continue
        one = digit == "1" and place and not way.one_before
        said += (way.zero_inside if gap else "") + ("" if one else way.digits[int(digit)]) + way.places[place]
        gap = False
    return said


def _native(number: int) -> str:
    if number == 20:
        return "스무"
    return _NATIVE_TENS[number // 10] + _NATIVE[number % 10] if number else "영"


def _malay_below_1000(digits: str) -> str:
    hundreds, tens, ones = (int(digit) for digit in digits.rjust(3, "0"))
    said = [] if not hundreds else ["seratus" if hundreds == 1 else f"{_MALAY[hundreds]} ratus"]
    if tens == 1 and ones:
        said.append("sebelas" if ones == 1 else f"{_MALAY[ones]} belas")
    elif tens:
        said.append("sepuluh" if tens == 1 else f"{_MALAY[tens]} puluh")
    if ones and tens != 1:
        said.append(_MALAY[ones])
    return " ".join(said)
