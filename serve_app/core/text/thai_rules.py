"""Which written Thai is read in which way: one table, the more special rules first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import product
from typing import NamedTuple

from serve_app.core.text.thai_abbreviations import (
    ABBREVIATIONS,
    BEFORE_NAMES,
    BEFORE_NUMBERS,
    CURRENCIES,
    SHORTENED,
    SIGNS,
    UNITS,
    WITHOUT_DOT,
)
from serve_app.core.text.thai_numbers import date_words, digit_words, roman_words
from serve_app.core.text.thai_readings import (
    NUMBER,
    TO,
    address,
    arithmetic,
    clock,
    fraction,
    joined,
    letters,
    money,
    quantity,
    said,
    telephone,
)


class Rule(NamedTuple):
    """One kind of non-standard word."""

    pattern: str
    """Over ASCII digits; without groups."""
    speak: Callable[[str], str]
    why: str
    """Why it is read so and not otherwise."""


def _any(written: Iterable[str]) -> str:
    """Literal texts, the longer first; the letters of an abbreviation may stand apart."""
    longest = map(re.escape, sorted(written, key=len, reverse=True))
    return f"(?:{'|'.join(each[:-1].replace(_DOT, _SPACED_DOT) + each[-1] for each in longest)})"


def _behind(words: Iterable[str], separators: Iterable[str] = ("", " ")) -> str:
    return f"(?:{'|'.join(f'(?<={re.escape(word + gap)})' for word, gap in product(words, separators))})"


_DOT, _SPACED_DOT = r"\.", r"\.\s?"
_A = "[A-Za-z0-9]"
_NO_LETTER_BEFORE, _NO_LETTER_AFTER, _SPELLED = "(?<![ก-\u0e4e])", "(?![ก-\u0e4e])", r"(?!\s?[ก-ฮ]{1,2}\.)"
_CURRENCY = f"[{''.join(CURRENCIES)}]"
_MAGNITUDE = rf"(?:\s?(?:(?:ร้อย|พัน|หมื่น|แสน|ล้าน)?ล้าน|แสน|หมื่น|พัน)(?:{_NO_LETTER_AFTER}|(?=ต่อ|บาท)))"
_UNIT = rf"(?:\s?(?:{_any(UNITS)}(?!{_A}|\^){_SPELLED}|{_any(WITHOUT_DOT)}(?![ก-\u0e4e.])))"
_DAY, _MONTH = "(?:0?[1-9]|[12][0-9]|3[01])", "(?:0?[1-9]|1[0-2])"
_HOUR, _MINUTE = "(?:[01]?[0-9]|2[0-4])", "[0-5][0-9]"
_COLON = f"{_HOUR}:{_MINUTE}(?::{_MINUTE})?(?![0-9:])"
_CLOCK = f"{_HOUR}[:.]{_MINUTE}(?:[:.]{_MINUTE})?"
_OCLOCK = rf"\s?น(?:\.{_SPELLED}|(?![ก-\u0e4e.]))"
_MINUS = r"(?<![\wก-\u0e4e)\]/.-])-(?=[0-9$฿€£¥])"
_CALLED = (
    "เบอร์", "เบอร์โทร", "เบอร์โทรศัพท์", "โทร", "โทร.", "โทรศัพท์", "สายด่วน", "แฟกซ์", "หมายเลข", "รหัส", "รหัสไปรษณีย์",
    "ทะเบียน", "ห้อง", "เลขที่บัญชี", "เลขบัญชี",
)  # fmt: skip
_COUNTED = ("ม.", "ป.", "ที่", "ห้อง", "ซอย", "หมู่")
_PER = ("บาท", "คน", "ครั้ง", "หน่วย", ".", "%", *"mgLlB")

RULES = (
    Rule(
        rf"{_behind(('บทที่', 'รัชกาลที่', 'ครั้งที่'))}(?=[IVX])X{{0,3}}(?:IX|IV|VI{{0,3}}|I{{0,3}})(?![A-Za-z])",
        roman_words,
        "Elsewhere Latin capitals are letters.",
    ),
    Rule(
        rf"(?:https?://|www\.)[A-Za-z0-9./?=&%#~:+_-]*{_A}"
        rf"|(?<![A-Za-z])(?=[A-Za-z])(?:[A-Za-z0-9._+-]+@{_A}[A-Za-z0-9-]*(?:\.{_A}[A-Za-z0-9-]*)+"
        rf"|{_A}[A-Za-z0-9-]*(?:\.{_A}[A-Za-z0-9-]*)*\.(?:com|org|net|th|io|edu|gov)(?![A-Za-z]))",
        address,
        "Who hears an address must be able to type it.",
    ),
    Rule(
        rf"(?:{_DAY}/{_MONTH}/(?:[0-9]{{4}}|[0-9]{{2}})|{_DAY}[-.]{_MONTH}[-.][0-9]{{4}}"
        r"|[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01]))(?![0-9/-])",
        date_words,
        "The day comes first, as Thais write; months have no numbers in speech.",
    ),
    Rule(
        r"\+[0-9]{1,3}(?:[ -]?[0-9]{1,4}){2,5}(?<=[0-9 -]{8})(?![0-9])"
        r"|0[0-9]{1,2}(?:[- ][0-9]{3,4}){2}(?![0-9])|0(?:-[0-9]{3,4}){2}(?![0-9])"
        r"|\(0[0-9]{1,2}\) ?[0-9]{3,4}[- ][0-9]{3,4}(?![0-9])"
        rf"|{_behind(_CALLED, ('', ' ', ': ', ':'))}[0-9]{{3,}}(?:[- ][0-9]{{3,}})*",
        telephone,
        "Telephone numbers and codes are names: digit by digit, with a pause between groups.",
    ),
    Rule("[0-9]+(?:-[0-9]+){2,}", digit_words, "A range has two ends; three numbers are a code."),
    Rule(
        rf"{_CLOCK}(?:{TO}{_CLOCK})?{_OCLOCK}|{_COLON}(?:{TO}{_COLON})?|{_HOUR}\s?น\.{_SPELLED}",
        clock,
        "Times in digits are read by the clock of 24 hours, as news and schools do.",
    ),
    Rule(
        rf"(?:{_MINUS})?{NUMBER}(?:\s?[-+\u00d7x*\u00f7/:\u2212]\s?{NUMBER})+\s?=(?:\s?[-\u2212]?{NUMBER}|\s?\?)?",
        arithmetic,
        "Before an = a hyphen is a minus and a slash divides.",
    ),
    Rule(
        rf"(?:{_MINUS})?(?:{_CURRENCY}\s?{NUMBER}(?:{TO}{_CURRENCY}?\s?{NUMBER})?{_MAGNITUDE}?"
        rf"|{NUMBER}(?:{TO}{NUMBER})?{_MAGNITUDE}?\s?{_CURRENCY}"
        r"|[0-9][0-9,]*\.[0-9]{2}\s?บาท|[0-9][0-9,]*\.-)",
        money,
        "A currency is said last wherever it is written; two decimals of baht are satang, and .- is baht.",
    ),
    Rule(r"[0-9]+(?:\.[0-9]+){2,}", joined("จุด"), "Versions and sections: each number by itself."),
    Rule(
        rf"{_behind(_COUNTED)}[0-9]+(?:/[0-9]+)+|[0-9]+(?:/[0-9]+){{2,}}",
        joined("ทับ"),
        "Classes, houses and terms of a year have two numbers.",
    ),
    Rule(
        rf"(?:{_MINUS})?[0-9]+/[0-9]+",
        fraction,
        "เศษ…ส่วน as schools teach it; what is no fraction has two numbers.",
    ),
    Rule("[0-9]+(?::[0-9]+)+", joined("ต่อ"), "What is no time is a ratio."),
    Rule(r"(?<=[0-9])\s?[x*](?=\s?[0-9])", lambda sign: "คูณ", "Between numbers they multiply."),
    Rule("#(?=[0-9])", lambda sign: "หมายเลข", "No hashtag begins with a number."),
    Rule(r"<(?=\s?[0-9])", lambda sign: "น้อยกว่า", "Elsewhere it is a bracket."),
    Rule(r">(?=\s?[0-9])", lambda sign: "มากกว่า", "Elsewhere it is a bracket."),
    Rule(r"~(?=\s?[0-9])", lambda sign: "ประมาณ", "Elsewhere it is a dash."),
    Rule(
        rf"(?:{_MINUS})?{NUMBER}(?:(?:{TO}{NUMBER})?{_UNIT}|{TO}{NUMBER})?",
        quantity,
        "A hyphen between two numbers is from..to; before one it is a minus, where nothing is before it.",
    ),
    Rule(
        rf"{_behind(_PER, ('',))}/(?={_any(UNITS)}|[ก-ฮเ-ไ])",
        lambda sign: "ต่อ",
        "What is measured by another is per.",
    ),
    Rule("/", lambda sign: ",", "Between other words it is silent."),
    Rule(f"{_any(SHORTENED)}(?!ลฯ)", said(SHORTENED), "A sign of ellipsis stands for what is said."),
    Rule(rf"{_NO_LETTER_BEFORE}{_any(ABBREVIATIONS)}", said(ABBREVIATIONS), "The full form is what is said."),
    Rule(
        rf"{_NO_LETTER_BEFORE}{_any(BEFORE_NUMBERS)}(?=\s?[0-9])", said(BEFORE_NUMBERS), "A number follows."
    ),
    Rule(rf"{_NO_LETTER_BEFORE}{_any(BEFORE_NAMES)}(?=[ก-ฮเ-ไ])", said(BEFORE_NAMES), "A name follows."),
    Rule(
        rf"{_NO_LETTER_BEFORE}(?:[ก-ฮ]{{1,3}}\.(?:\s?[ก-ฮ]{{1,3}}\.)+|[ก-ฮ]{{1,4}}\.)",
        letters,
        "Without a full form that is spoken, letters are named.",
    ),
    Rule(r"(?<=[A-Za-z0-9])\s?&\s?(?=[A-Za-z0-9])", lambda sign: " แอนด์ ", "Names of firms are English."),
    Rule(_any(SIGNS), said(SIGNS), "It has one name."),
    Rule(
        _any([*CURRENCIES, "%", "٪", "‰", "°C", "°F", "°"]), said(CURRENCIES, UNITS), "Without a number too."
    ),
)
"""First come those that see what others would take for something else."""
