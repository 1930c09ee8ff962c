"""A tiny deterministic engine of each task, for tests of what stands around engines."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence

import numpy as np

from deployments.asr.replica import Window
from deployments.serving.tracked_call import Report
from serve_app.engines import (
    SAMPLE_RATE,
    Audio,
    EngineCard,
    Progress,
    Speech,
    SpeechRequest,
    Transcription,
    Word,
)
from serve_app.errors import InvalidRequest

POISON = 0.75
"""A window that starts with this sample makes the whole batch fail."""
DEADLY = -0.75
"""A window that starts with this sample kills the process."""


class TinyRecognizer:
    """Hears one word per full second of audio: `w0`, `w1`, ...; remembers the sizes of its batches."""

    def __init__(self, impl: str = "tiny", batches: list[list[float]] | None = None) -> None:
        self.card = EngineCard("unnamed", impl, embedded=True, note="hears seconds")
        self.batches = [] if batches is None else batches
        self.gate = threading.Event()
        self.gate.set()

    def recognize(self, windows: Sequence[Window]) -> list[Transcription]:
        self.batches.append([round(len(window.audio) / SAMPLE_RATE, 3) for window in windows])
        assert self.gate.wait(30)
        if any(_starts_with(window.audio, DEADLY) for window in windows):
            os._exit(9)
        if any(_starts_with(window.audio, POISON) for window in windows):
            raise ValueError("secret path /somewhere/model.bin")
        return [
            Transcription(
                tuple(Word(f"w{n}", float(n), n + 1.0, 1.0) for n in range(len(window.audio) // SAMPLE_RATE))
            )
            for window in windows
        ]

    def example(self) -> Audio:
        return np.zeros(SAMPLE_RATE // 2, np.float32)


STEPS = 4
"""Of the tiny synthesiser."""
SLOW = "slow"
"""A text that starts so takes a quarter of a second for each step."""
FATAL = "die"
"""A text that starts so kills the process."""


class TinySynthesizer:
    """A tone as long as the text, made in steps; remembers what it finished."""

    def __init__(self) -> None:
        self.card = EngineCard("unnamed", "tiny-tone", embedded=True)
        self.example = SpeechRequest("ready", "th", "", 0)
        self.spoken: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    def speakers(self, model: str) -> tuple[str, ...]:
        return ("Ryan", "Vivian") if model == "cosytts" else ()

    def synthesize(self, request: SpeechRequest, report: Report) -> Speech:
        if not request.text.strip():
            raise InvalidRequest("text must not be empty.")
        if request.text.startswith(FATAL):
            os._exit(9)
        for step in range(STEPS):
            report(Progress("synthesis", step, STEPS))
            time.sleep(0.25 if request.text.startswith(SLOW) else 0)
            assert self.gate.wait(30)
        self.spoken.append(request.text)
        return Speech(np.full(len(request.text) * 100, 0.5, np.float32), SAMPLE_RATE)


def _starts_with(window: Audio, mark: float) -> bool:
    return len(window) > 0 and abs(float(window[0]) - mark) < 1e-3
