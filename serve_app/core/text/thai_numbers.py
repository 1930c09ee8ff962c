"""Thai number words: quantities, rows of digits, dates, times and money."""

from __future__ import annotations

import re

from pythainlp.util import num_to_thaiword

LONGEST_QUANTITY = 9
"""Digits in a row, without commas, beyond which they are a code like a card's: nobody writes a quantity of a
thousand million without commas."""
MONTHS = (
    "มกราคม", "กุมภาพันธ์", "มีนาคม", "เมษายน", "พฤษภาคม", "มิถุนายน", "กรกฎาคม", "สิงหาคม", "กันยายน", "ตุลาคม",
    "พฤศจิกายน", "ธันวาคม",
)  # fmt: skip
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}


def number_words(number: str) -> str:
    """`1,250.5` in words. What starts with a zero, or is long and has no commas, is read digit by digit."""
    whole, _, decimals = number.partition(".")
    code = len(whole) > LONGEST_QUANTITY and "," not in whole
    if code or (len(whole) > 1 and whole.startswith("0")):
        spoken = digit_words(whole)
    else:
        spoken = num_to_thaiword(int(whole.replace(",", "")))
    return f"{spoken}จุด{digit_words(decimals)}" if decimals else spoken


def digit_words(written: str) -> str:
    """Digit by digit; a pause wherever something else stands between two of them."""
    rows = re.findall("[0-9]+", written)
    return " ".join("".join(num_to_thaiword(int(digit)) for digit in row) for row in rows)


def date_words(written: str) -> str:
    """`25/12/2568`, or `2025-12-25`: day, name of the month, year."""
    parts = re.findall("[0-9]+", written)
    day, month, year = reversed(parts) if len(parts[0]) == 4 else parts
    return f"{number_words(str(int(day)))} {MONTHS[int(month) - 1]} {number_words(str(int(year)))}"


def time_words(written: str) -> str:
    """`10:30`, `10.30` or `10:30:15` by the clock of 24 hours; zero minutes are not said."""
    parts = [int(part) for part in re.findall("[0-9]+", written)]
    names = zip(parts, ("นาฬิกา", "นาที", "วินาที"), strict=False)
    last = max([0, *(place for place, part in enumerate(parts) if part)])
    return "".join(f"{num_to_thaiword(part)}{name}" for part, name in list(names)[: last + 1])


def baht_words(amount: str) -> str:
    """`100.50`: two decimals are satang."""
    baht, _, satang = amount.partition(".")
    if len(satang) != 2:
        return f"{number_words(amount)}บาท"
    told = f"{num_to_thaiword(int(satang))}สตางค์" if int(satang) else ""
    return told if told and not int(baht.replace(",", "")) else f"{number_words(baht)}บาท{told}"


def roman_words(numeral: str) -> str:
    """`IV` in words."""
    values = [_ROMAN[letter] for letter in numeral]
    signed = (
        -value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True)
    )
    return num_to_thaiword(sum(signed))
