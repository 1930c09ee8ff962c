"""What the tests' tiny Whisper says, and how they ask it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deployments.asr.replica import Window
from serve_app.core.text.thai import caption_line
from serve_app.engines import NO_HINTS, SAMPLE_RATE, Audio, Hints, Transcription
from tests.engines.asr.tiny_whisper import Line, sound

LINES = (
    Line("en", "Hello, world. It works!"),
    Line("th", "สวัสดีครับ เราเรียนภาษาไทย"),
    Line("zh", "你好，世界。"),
    Line("en", "QQQQQQQQ"),
    Line("en", "QQQQQQQQ", no_speech=True),
    Line("en", "Sure of it.", no_speech=True),
    Line("en", "yes " + "one two " * 10),
    Line("fr", "c'est L.A. 0.5cm don't"),
    Line("zh", "你OK吗Honey"),
)
ENGLISH, THAI, CHINESE, UNSURE, SILENT, SURE, LOOP, TIED, MIXED = range(len(LINES))
SILENCE = np.zeros(SAMPLE_RATE, np.float32)


def hear(line: int, seconds: float = 9.0) -> Audio:
    return sound(line, len(LINES), seconds)


def ask(line: int, hints: Hints = NO_HINTS, seconds: float = 9.0) -> Window:
    return Window(hear(line, seconds), hints=hints)


def texts(heard: Sequence[Transcription]) -> list[str]:
    return [caption_line(transcription.words) for transcription in heard]


def words(heard: Transcription) -> list[str]:
    return [word.text for word in heard.words]
