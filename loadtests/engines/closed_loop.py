"""Callers of a recogniser, each with one request in flight: what its batches do for them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from loadtests.metrics import Distribution
from loadtests.report import Cell
from serve_app.engines import SAMPLE_RATE, Audio, SpeechRecognizer

FINAL_EVERY = 12
"""One request in so many is a final: at eight partials a second about one each 1.5 s, as in live speech."""
HEAD = (
    "streams",
    "windows / s",
    "audio s / s",
    "mean batch",
    "wait p50 ms",
    "wait p95 ms",
    "decode p50 ms",
    "decode p95 ms",
    "outside engine %",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One request, in milliseconds."""

    elapsed_ms: float
    decode_ms: float
    """Of the whole batch, as the replica measured it."""
    audio_s: float

    @property
    def waited_ms(self) -> float:
        """For its turn, and on the way."""
        return self.elapsed_ms - self.decode_ms


@dataclass(frozen=True, slots=True)
class Throughput:
    """All answers of one number of streams."""

    streams: int
    answers: Sequence[Answer]
    wall_s: float

    @property
    def batches(self) -> set[float]:
        """Engine times of the batches. All members of a batch carry the same float, to the nanosecond."""
        return {answer.decode_ms for answer in self.answers}

    @property
    def outside_engine(self) -> float:
        """Share of the time in which the one engine thread had no call."""
        return max(0.0, 1 - sum(self.batches) / 1000 / self.wall_s)

    def row(self) -> tuple[Cell, ...]:
        """The cells below HEAD."""
        waits = Distribution("", tuple(answer.waited_ms for answer in self.answers))
        decodes = Distribution("", tuple(answer.decode_ms for answer in self.answers))
        return (
            self.streams,
            len(self.answers) / self.wall_s,
            sum(answer.audio_s for answer in self.answers) / self.wall_s,
            len(self.answers) / len(self.batches),
            *(found.percentile(q) for found in (waits, decodes) for q in (50, 95)),
            100 * self.outside_engine,
        )


async def throughput(
    recognizer: SpeechRecognizer, windows: Sequence[Audio], streams: int, seconds: float
) -> Throughput:
    """Let `streams` callers ask for window after window, each at another place of `windows`."""
    started = time.perf_counter()
    callers = (_call(recognizer, windows, first, started + seconds) for first in range(streams))
    answers = [answer for caller in await asyncio.gather(*callers) for answer in caller]
    return Throughput(streams, answers, time.perf_counter() - started)


async def _call(
    recognizer: SpeechRecognizer, windows: Sequence[Audio], first: int, until: float
) -> list[Answer]:
    answers: list[Answer] = []
    turn = first
    while not answers or time.perf_counter() < until:
        window, final = windows[turn % len(windows)], turn % FINAL_EVERY == 0
        turn += 1
        asked = time.perf_counter()
        heard = await recognizer.transcribe(window, final=final)
        elapsed_ms = (time.perf_counter() - asked) * 1000
        answers.append(Answer(elapsed_ms, heard.decode_ms, len(window) / SAMPLE_RATE))
    return answers
