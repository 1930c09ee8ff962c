"""Models that add up what they take, for measurements of what stands around them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from serve_app.engines import Alignment, Audio, Transcription, VoiceActivityDetector


@dataclass(frozen=True, slots=True)
class TimedModel:
    """A recogniser or an aligner; the times are its own figures, without waiting."""

    model: Any
    spent: Counter[str]
    """Milliseconds by task."""

    async def transcribe(self, audio: Audio, **given: Any) -> Transcription:
        """See `SpeechRecognizer`."""
        heard: Transcription = await self.model.transcribe(audio, **given)
        self.spent["recogniser"] += heard.decode_ms
        return heard

    async def align(self, audio: Audio, words: Sequence[str]) -> Alignment:
        """See `Aligner`."""
        found: Alignment = await self.model.align(audio, words)
        self.spent["aligner"] += found.align_ms
        return found


class TimedDetector:
    """A `VoiceActivityDetector` with a watch."""

    def __init__(self, detector: VoiceActivityDetector, spent: Counter[str]) -> None:
        self._detector, self._spent = detector, spent
        self.name = detector.name
        self.reset = detector.reset

    def speech_probability(self, frame: Audio) -> float:
        """As the detector has it."""
        started = time.perf_counter()
        probability = self._detector.speech_probability(frame)
        self._spent["detector"] += (time.perf_counter() - started) * 1000
        return probability
