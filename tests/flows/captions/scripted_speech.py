"""Speech with a script: every sample tells its position, so that fakes know which part they are given."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from serve_app.core.audio.pcm import Pcm16
from serve_app.engines import NO_HINTS, Audio, EngineCard, Hints, Transcription, Word
from tests.fakes import ManualClock

STEP = 320
"""Samples per position mark: 20 ms."""
FIRST_MARK = 1000
RATE = 16_000


def audio(start_s: float, end_s: float, rate: int = RATE) -> Pcm16:
    """Audible samples of [start, end) of the script, at any rate."""
    positions = np.arange(round(start_s * rate), round(end_s * rate)) * (RATE / rate)
    return (FIRST_MARK + positions / STEP).astype(np.int16)


def position(samples: Audio) -> float:
    """Seconds in the script of the first sample."""
    return (float(samples[0]) * 32768 - FIRST_MARK) * STEP / RATE


def spoken(text: str, start: float = 1.0, each: float = 0.4) -> list[Word]:
    """Words said one after the other."""
    return [Word(w, start + i * each, start + (i + 1) * each, 0.9) for i, w in enumerate(text.split())]


@dataclass
class Detector:
    """Hears voice where the script has words."""

    script: list[Word]
    judged: int = 0
    name: str = "scripted"

    def speech_probability(self, frame: Audio) -> float:
        assert len(frame) == 512
        self.judged += 1
        middle = position(frame) + 0.016
        return 0.9 if any(word.start <= middle < word.end for word in self.script) else 0.01

    def reset(self) -> None:
        pass


@dataclass
class Recognizer:
    """Hears the script's words of the audio it is given, by their middle."""

    script: list[Word]
    clock: ManualClock
    decode_ms: float = 50.0
    failures: list[Exception] = field(default_factory=list)
    """Raised by the next calls, in turn."""
    calls: list[tuple[float, float, bool]] = field(default_factory=list)
    """(start, end, final) in seconds of the script."""
    in_flight: int = 0
    most_in_flight: int = 0
    open: asyncio.Event = field(default_factory=asyncio.Event)
    """While not set, decodes wait."""

    def __post_init__(self) -> None:
        self.open.set()

    async def transcribe(
        self, audio: Audio, *, final: bool, hints: Hints = NO_HINTS, live: bool = True
    ) -> Transcription:
        start = position(audio)
        end = start + len(audio) / RATE
        self.calls.append((start, end, final))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await self.open.wait()
            await asyncio.sleep(0)
        finally:
            self.in_flight -= 1
        self.clock.advance(self.decode_ms / 1000)
        if self.failures:
            raise self.failures.pop(0)
        return Transcription(tuple(self._heard(start, end)), self.decode_ms, card=await self.card())

    def _heard(self, start: float, end: float) -> Iterable[Word]:
        for word in self.script:
            if start <= (word.start + word.end) / 2 < end:
                yield Word(word.text, max(word.start, start) - start, min(word.end, end) - start, 0.9)

    async def card(self) -> EngineCard:
        return EngineCard("typhoon", "scripted", embedded=True, task="asr")

    @property
    def finals(self) -> list[tuple[float, float]]:
        return [(round(start, 1), round(end, 1)) for start, end, final in self.calls if final]
