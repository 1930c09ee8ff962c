"""How each kind of non-standard word is said in Thai."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from pythainlp.corpus import thai_words

from serve_app.core.text.thai_abbreviations import (
    ADDRESS_SIGNS,
    CURRENCIES,
    OPERATORS,
    SIGNS,
    UNITS,
    WITHOUT_DOT,
)
from serve_app.core.text.thai_numbers import baht_words, digit_words, number_words, time_words

NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?!,?[0-9])|[0-9]+)(?:\.[0-9]+)?"
"""`1,250.5`; not `1,2,3`, which are three."""
TO = r"\s?[-\u2013\u2014~]\s?"
"""Between the ends of a range."""
_AMOUNTS = re.compile(f"{NUMBER}(?:{TO}{NUMBER})?")
_NUMBER, _MAGNITUDES = re.compile(NUMBER), re.compile("ร้อย|พัน|หมื่น|แสน|ล้าน")


def minus(written: str) -> str:
    """Of a number below zero."""
    return "ลบ" if written.startswith("-") else ""


def address(written: str) -> str:
    """Letters as they are, digits one by one, signs by name."""
    named = {**SIGNS, **UNITS, **ADDRESS_SIGNS}
    found = re.findall("[A-Za-z]+|[0-9]+|.", written)
    return " ".join(digit_words(each) if each.isdecimal() else named.get(each, each) for each in found)


def telephone(written: str) -> str:
    """Digit by digit, after a plus if there is one."""
    return f"{'บวก' if written.startswith('+') else ''}{digit_words(written)}"


def clock(written: str) -> str:
    """A time, or from one to another."""
    return "ถึง".join(map(time_words, re.findall("[0-9]+(?:[:.][0-9]+)*", written)))


def joined(word: str) -> Callable[[str], str]:
    """Whole numbers with one word for every sign between them."""
    return lambda written: word.join(map(number_words, re.findall("[0-9]+", written)))


def arithmetic(written: str) -> str:
    """Numbers and operators in turn."""
    named = {**SIGNS, **OPERATORS}
    found = re.findall(rf"{NUMBER}|\S", written)
    return "".join(number_words(each) if each[0].isdecimal() else named[each] for each in found)


def fraction(written: str) -> str:
    """One below one, with a denominator that somebody divides by; else two numbers."""
    above, below = map(int, re.findall("[0-9]+", written))
    if 0 < above < below <= 100:
        return f"{minus(written)}เศษ{number_words(str(above))}ส่วน{number_words(str(below))}"
    return minus(written) + joined("ทับ")(written)


def money(written: str) -> str:
    """An amount, or from one to another; baht where no other currency stands."""
    *lower, amount = _NUMBER.findall(written)
    currency = next((CURRENCIES[sign] for sign in written if sign in CURRENCIES), "บาท")
    magnitude = "".join(_MAGNITUDES.findall(written))
    told = minus(written) + "".join(f"{number_words(number)}ถึง" for number in lower)
    if currency == "บาท" and not magnitude:
        return told + baht_words(amount)
    return f"{told}{number_words(amount)}{magnitude}{currency}"


def quantity(written: str) -> str:
    """A number, from one to another, or the result of a match; with its unit."""
    sign, written = minus(written), written.removeprefix("-")
    amounts = _AMOUNTS.match(written)
    assert amounts is not None  # the rule begins with a number
    numbers, unit = _NUMBER.findall(amounts[0]), written[amounts.end() :]
    between = "ต่อ" if _is_result(numbers) else "ถึง"
    told = between.join(map(number_words, numbers))
    return sign + told + said({"": ""}, UNITS, WITHOUT_DOT)(unit)


def _is_result(numbers: list[str]) -> bool:
    """`3-1`: a range rises, and years may be cut short, as in 2566-68."""
    return len(numbers) == 2 and all(map(str.isdecimal, numbers)) and 100 > int(numbers[0]) > int(numbers[1])


def said(*tables: Mapping[str, str]) -> Callable[[str], str]:
    """What is looked up; the letters of an abbreviation may stand apart."""
    known = {written: spoken for table in tables for written, spoken in table.items()}
    return lambda written: known[re.sub(r"\s", "", written)]


def letters(written: str) -> str:
    """The names of consonants; a word that ends a sentence is not spelled."""
    found = re.findall("[ก-ฮ]", written)
    if written.count(".") == 1 and len(found) > 1 and "".join(found) in thai_words():
        return written.rstrip(".")
    return "".join(f"{letter}อ" for letter in found)
