"""A recording in lines, as a page draws it: its shape, the words over it, the part that counts (RS-091)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serve_app.core.audio.pcm import AUDIBLE, Pcm16
from serve_app.core.reading.parts import Span
from serve_app.core.reading.report_words import ShownWord

TICK_S = 0.3
"""Room for the name of a second."""
LINE_S = 8.0
"""Some twenty words, whose names find room side by side."""
WIDTH = 1000
"""Of a line, in units of its drawing."""
MIDDLE, REACH = 50, 46
"""Of the shape: where silence lies, and how far the loudest sound goes from there."""
BAR = 0.6
"""Share of its place that a bar takes up; the rest parts it from the next one."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of a line."""

    x: float
    width: float
    """0 where the line holds nothing of it."""
    word: ShownWord | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a drawing, WIDTH wide."""

    shape: str
    """Path data of SVG: one stroke for each bar."""
    bar: float
    """Width of a stroke."""
    attempt: Mark | None
    """The part of the line that was scored."""
    words: Sequence[Mark]
    ticks: Sequence[tuple[float, int]]
    """Where each whole second is that has room for its name."""


def peaks(samples: Pcm16, bars: int) -> NDArray[np.float64]:
    """The loudest sample in each of equal parts of a recording that is not empty, shape (bars,), 0..1.

    1 is the loudest sample of all, unless nobody could hear it: silence stays flat.
    """
    edges = np.linspace(0, len(samples), bars, endpoint=False).astype(np.intp)
    loudest = np.maximum.reduceat(np.abs(samples.astype(np.int32)), edges)
    shape: NDArray[np.float64] = loudest / max(AUDIBLE, int(loudest.max()))
    return shape


def lines(
    peaks: NDArray[np.float64], seconds: float, words: Sequence[ShownWord], attempt: Span | None
) -> list[Line]:
    """A recording of some seconds in lines of equal length. `attempt`: when it was made."""
    count = max(1, math.ceil(seconds / LINE_S))
    length = seconds / count
    parts = enumerate(np.array_split(peaks, count))
    return [_line(index * length, length, bars, words, attempt) for index, bars in parts]


def _line(
    start: float,
    length: float,
    bars: NDArray[np.float64],
    words: Sequence[ShownWord],
    attempt: Span | None,
) -> Line:
    """A word is on the line on which it begins."""
    begun = [(word.span, word) for word in words if word.span and start <= word.span[0] < start + length]
    whole = range(math.ceil(start), math.ceil(start + length - TICK_S))
    return Line(
        shape=_shape(bars),
        bar=round(BAR * WIDTH / len(bars), 1) if len(bars) else 0.0,
        attempt=_mark(attempt, start, length) if attempt else None,
        words=[_mark(span, start, length, word) for span, word in begun],
        ticks=[(round((second - start) / length * WIDTH, 1), second) for second in whole],
    )


def _mark(span: Span, start: float, length: float, word: ShownWord | None = None) -> Mark:
    """What lies of a span on a line."""
    first, last = (min(max(edge - start, 0.0), length) / length * WIDTH for edge in span)
    return Mark(round(first, 1), round(last - first, 1), word)


def _shape(bars: NDArray[np.float64]) -> str:
    step = WIDTH / max(1, len(bars))
    heights = np.maximum(np.round(bars * REACH), 1).astype(int).tolist()
    return "".join(
        f"M{(place + 0.5) * step:.1f} {MIDDLE - height}v{2 * height}" for place, height in enumerate(heights)
    )
