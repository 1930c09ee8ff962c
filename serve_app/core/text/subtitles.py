"""From timed words to subtitles, by the limits of Netflix's Timed Text Style Guide; SubRip and WebVTT."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Protocol

from serve_app.core.text.thai import caption_line, clean
from serve_app.engines import Word

LINE = 42
"""Columns of a line, of which there are two at most."""
LONGEST_S = 7.0
"""Longer, and a reader starts over."""
SHORTEST_S = 5 / 6
"""Shorter, and a reader sees a flash."""
PAUSE_S = 0.6
"""Speakers pause this long between sentences, and shorter inside one."""
SENTENCE_END = tuple(".!?。…！？")
CLAUSE_END = tuple(",;:，、；：")
QUOTES = "\"'”’)]»」』）"
"""May follow the mark that ends a sentence."""


class Subtitle(Protocol):
    """Words that are shown together."""

    @property
    def words(self) -> Sequence[Word]: ...


def subtitle_segments(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    """Runs of words that fit one subtitle each, cut at sentence ends, at pauses, and where it is full."""
    ruler, first = _Ruler(words), 0
    for last, word in enumerate(words):
        if last > first and _ends(words[last - 1], word):
            yield words[first:last]
            first = last
        if not ruler.fits(first, last):
            cut = _best_cut(ruler, first, last)
            yield words[first:cut]
            first = cut
    if words:
        yield words[first:]


def continuation(before: Word | None, words: Sequence[Word]) -> str:
    """What the words add to a line whose last word is `before`."""
    line = [before] if before else []
    return caption_line([*line, *words])[len(caption_line(line)) :]


def subrip(subtitles: Sequence[Subtitle]) -> str:
    """An .srt file."""
    cues = enumerate(_cues(subtitles), 1)
    return "".join(f"{number}\n{_span(times, ',')}\n{text}\n\n" for number, (times, text) in cues)


def webvtt(subtitles: Sequence[Subtitle]) -> str:
    """A .vtt file (W3C WebVTT), which is markup: what looks like a tag is escaped."""
    escaped = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
    cues = (f"{_span(times, '.')}\n{text.translate(escaped)}\n\n" for times, text in _cues(subtitles))
    return "WEBVTT\n\n" + "".join(cues)


class _Ruler:
    """Where each word stands when all are written in one line, so that any stretch is measured at once."""

    def __init__(self, words: Sequence[Word]) -> None:
        self.words = words
        befores: list[Word | None] = [None, *words][:-1]
        added = [columns(continuation(before, [word])) for before, word in zip(befores, words, strict=True)]
        self._ends = list(accumulate(added))
        self._starts = [end - columns(clean(word.text)) for end, word in zip(self._ends, words, strict=True)]

    def width(self, first: int, last: int) -> int:
        """Columns of the words `first` to `last`."""
        return self._ends[last] - self._starts[first]

    def fits(self, first: int, last: int) -> bool:
        """Whether two lines hold the words; a word that fits nowhere has a line or a subtitle for itself."""
        if first == last:
            return True
        if self.words[last].end - self.words[first].start > LONGEST_S:
            return False
        second = max(first + 1, bisect_right(self._ends, self._starts[first] + LINE))
        return second >= last or self.width(second, last) <= LINE

    def middle(self, first: int, last: int) -> int:
        """The word that begins the second of two lines of like length."""
        breaks = range(first + 1, last + 1)
        return min(breaks, key=lambda cut: max(self.width(first, cut - 1), self.width(cut, last)))


def _ends(word: Word, following: Word) -> bool:
    ended = word.text.rstrip(QUOTES).endswith(SENTENCE_END)
    return ended or following.start - word.end >= PAUSE_S


def _best_cut(ruler: _Ruler, first: int, last: int) -> int:
    """Where to cut words of which all but the last fit: in their second half; after a clause, else at the
    longest gap, else as late as possible."""
    words = ruler.words

    def merit(cut: int) -> tuple[bool, float, int]:
        gap = words[cut].start - words[cut - 1].end
        return words[cut - 1].text.endswith(CLAUSE_END), round(gap, 2), cut

    half = first + max(1, (last - first) // 2)
    return max((cut for cut in range(half, last + 1) if ruler.fits(cut, last)), key=merit)


def _cues(subtitles: Sequence[Subtitle]) -> Iterator[tuple[tuple[float, float], str]]:
    """Times and lines of each; a short one stays until it can be read or the next one comes."""
    starts = [*(subtitle.words[0].start for subtitle in subtitles), float("inf")]
    for subtitle, (start, following) in zip(subtitles, pairwise(starts), strict=True):
        readable = max(subtitle.words[-1].end, min(start + SHORTEST_S, following))
        # WebVTT forbids a cue that ends when it starts.
        yield (start, max(readable, start + 0.001)), "\n".join(_lines(subtitle.words))


def _lines(words: Sequence[Word]) -> list[str]:
    """One line, or two of like length."""
    line = caption_line(words)
    if columns(line) <= LINE or len(words) == 1:
        return [line]
    cut = _Ruler(words).middle(0, len(words) - 1)
    return [caption_line(words[:cut]), caption_line(words[cut:])]


def columns(text: str) -> int:
    """Width on a screen: marks above and below take no column, wide East Asian characters two."""
    if text.isascii():
        return len(text)
    marks = sum(unicodedata.category(character) in ("Mn", "Me", "Cf") for character in text)
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) - marks + wide


def _span(times: tuple[float, float], point: str) -> str:
    return " --> ".join(_clock(seconds, point) for seconds in times)


def _clock(seconds: float, point: str) -> str:
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{point}{milliseconds:03}"
