"""How fluently an attempt was read: its rate and its pauses (RS-090)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from serve_app.core.reading.parts import Json, Span

PAUSE_S = 0.25
"""Seconds. Shorter silences belong to sounds, such as the closure of a stop (Goldman-Eisler 1968), and are no
longer than recognisers err about the border of a word."""
MEASURES = ("wordsPerMinute", "correctWordsPerMinute", "pauseSeconds", "speakingSeconds")


def fluency(times: Sequence[Span | None], correct: int) -> Json:
    """Of an attempt: the times of all its tokens in seconds, and how many words of the text were read right.

    `correctWordsPerMinute` is the field's measure of oral reading fluency (WCPM: Deno 1985); pauses count as
    reading time. Silence beside a token without a time may be that token, and is no pause. Without times
    nothing is known (RS-077).
    """
    known = [time for time in times if time]
    if not known or known[-1][1] <= known[0][0]:
        return {**dict.fromkeys(MEASURES), "pauses": []}
    start, seconds = known[0][0], known[-1][1] - known[0][0]
    pauses = _pauses(times, start)
    paused = round(sum((pause["seconds"] for pause in pauses), 0.0), 3)
    return {
        "wordsPerMinute": round(60 * len(times) / seconds, 2),
        "correctWordsPerMinute": round(60 * correct / seconds, 2),
        "pauses": pauses,
        "pauseSeconds": paused,
        "speakingSeconds": round(seconds - paused, 3),
    }


def _pauses(times: Sequence[Span | None], start: float) -> list[Json]:
    """From the start of the attempt, in order, as callers read them."""
    silences = [(before[1], after[0]) for before, after in pairwise(times) if before and after]
    return [
        {"start": round(begin - start, 3), "end": round(end - start, 3), "seconds": round(end - begin, 3)}
        for begin, end in silences
        if end - begin > PAUSE_S
    ]
