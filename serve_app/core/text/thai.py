"""From words to a caption line. Thai and its like write words together; a space marks a pause or a change of
script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from serve_app.engines import Word

PHRASE_PAUSE_S = 0.3
"""Thai sets a space where a phrase ends; speakers pause there, longer than inside one."""
SEGMENT_PAUSE_S = 1.0
"""A silence this long starts a new caption segment: a new breath, a new screen line."""
ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
SPLIT_SARA_AM = re.compile("\u0e4d([\u0e48-\u0e4b]?)\u0e32")
"""ำ typed as ํ and า, with or without a tone mark between."""
CLOSING = "ฯๆໆ។,.!?%:;)]}”’…、。，！？：；）」』】》၊။"
OPENING = "([{“‘（「『【《"
EAST_ASIAN = "East Asian"
UNSPACED = {
    "Thai": ((0x0E00, 0x0E7F),),
    "Lao": ((0x0E80, 0x0EFF),),
    "Burmese": ((0x1000, 0x109F), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F)),
    "Khmer": ((0x1780, 0x17FF),),
    # Kana, bopomofo, ideographs and their punctuation; not Hangul, which has spaces.
    EAST_ASIAN: ((0x3000, 0x312F), (0x31A0, 0x9FFF), (0xF900, 0xFAFF), (0xFF00, 0xFF9F), (0x20000, 0x3FFFF)),
}
"""Scripts whose words are written together: code points, first and last."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One line of a caption, in seconds from the start of the utterance."""

    start: float
    end: float
    text: str


def caption_line(words: Iterable[Word]) -> str:
    """The words as readers of Thai expect them."""
    line = ""
    before: Word | None = None
    for word in words:
        text = clean(word.text)
        if not text:
            continue
        if before is not None and _spaced(line, text, word.start - before.end):
            line += " "
        line += text
        before = word
    return line


def segments(words: Sequence[Word], duration: float) -> list[Segment]:
    """Caption lines cut at long silences; no time lies past `duration`, the seconds received (ASR-048)."""
    lines: list[list[Word]] = []
    for word in words:
        if not lines or word.start - lines[-1][-1].end >= SEGMENT_PAUSE_S:
            lines.append([])
        lines[-1].append(word)
    cut = ((_time(line[0].start, duration), _time(line[-1].end, duration), line) for line in lines)
    texts = (Segment(start, end, caption_line(line)) for start, end, line in cut)
    return [segment for segment in texts if segment.text]


def timed(words: Sequence[Word], duration: float) -> list[Word]:
    """The words as captions tell them: one spelling, times to the millisecond within `duration` seconds."""
    return [
        Word(text, _time(word.start, duration), _time(word.end, duration), round(word.confidence, 3))
        for word in words
        if (text := clean(word.text))
    ]


@lru_cache(4096)  # a speaker's vocabulary; partials repeat the same words many times a second
def clean(text: str) -> str:
    """One spelling per word: composed, without zero-width marks or outer spaces; เ+เ is แ, ํ+า is ำ."""
    text = unicodedata.normalize("NFC", text.translate(ZERO_WIDTH)).strip()
    return SPLIT_SARA_AM.sub("\\1\u0e33", text.replace("เเ", "แ"))


def _spaced(line: str, text: str, pause: float) -> bool:
    last, first = line[-1], text[0]
    if first in CLOSING or last in OPENING:
        return False
    script = unspaced_script(last)
    if not script or script != unspaced_script(first):
        return True
    # Chinese and Japanese mark a pause with a comma and never with a space.
    return pause >= PHRASE_PAUSE_S and script != EAST_ASIAN


@lru_cache(4096)
def unspaced_script(character: str) -> str:
    """The script of a character that is written without spaces, else nothing."""
    code = ord(character)
    return next((name for name, blocks in UNSPACED.items() if any(a <= code <= b for a, b in blocks)), "")


def _time(seconds: float, duration: float) -> float:
    return round(min(max(seconds, 0.0), duration), 3)
