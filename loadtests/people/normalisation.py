"""The one form in which what was said and what was heard are compared.

Both are NFKC in small letters, without invisible marks, Thai in the one spelling that captions have. Letters,
their marks and digits count, and spaces between words where the script has them; nothing else does: not case,
not punctuation, not an apostrophe (`don't` is `dont`), while a hyphen parts two words. Thai is taken as it is
read aloud (`verbalized`: 10 is สิบ). In English, whole numbers below a hundred and the titles Mr, Mrs and Dr
are spelled, as in transcripts of read speech. Larger numbers, and numbers in other languages, are compared as
they are written: `1,250` against twelve hundred and fifty is an error, as are British against American
spelling and traditional against simplified characters.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from loadtests.transcripts import normalised
from serve_app.core.text.spoken_text import language_of
from serve_app.core.text.thai import UNSPACED, clean
from serve_app.core.text.thai_verbalization import verbalized

BETWEEN_WORDS = re.compile(r"[\s/\-\u2010-\u2015…]+")
SMALL_NUMBER = re.compile(r"(?<![\w.,:/-])\d{1,2}(?!\w|[.,:/-]\d)")
TITLES = {"mr": "mister", "mrs": "missus", "missis": "missus", "dr": "doctor"}
UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
         "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
         "nineteen")  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def characters(text: str, language: str) -> str:
    """What the character error rate is counted on: no spaces, for where they stand is no one's mistake."""
    return "".join(words(text, language))


@lru_cache(maxsize=65_536)  # each text is asked for its words and for its characters
def words(text: str, language: str) -> tuple[str, ...]:
    """What the word error rate is counted on; whole phrases of a script that has no spaces.

    `language` is an ISO 639-1 code; where it is empty the script tells.
    """
    composed = clean(unicodedata.normalize("NFKC", text))
    known = language or language_of(composed)
    found = (normalised(word) for word in BETWEEN_WORDS.split(_read_aloud(composed, known)))
    return tuple(TITLES.get(word, word) if known == "en" else word for word in found if word)


def parts_words(text: str) -> bool:
    """Whether the script of a text sets spaces between words: no letter is Thai, Lao, Burmese, Khmer, kana or
    ideographic."""
    blocks = [block for script in UNSPACED.values() for block in script]
    return not any(first <= ord(character) <= last for character in text for first, last in blocks)


def _read_aloud(text: str, language: str) -> str:
    if language == "th":
        return verbalized(text)
    return SMALL_NUMBER.sub(_spelled, text) if language == "en" else text


def _spelled(number: re.Match[str]) -> str:
    tens, units = divmod(int(number[0]), 10)
    if tens < 2:
        return UNITS[10 * tens + units]
    return f"{TENS[tens - 2]} {UNITS[units]}" if units else TENS[tens - 2]
