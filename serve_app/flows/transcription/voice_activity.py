"""Whether anybody speaks in a recording, and where (RS-081, RS-082)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from serve_app.concurrency import iterate_in_thread
from serve_app.core.audio.endpointing import FRAME, Endpointer
from serve_app.core.audio.pcm import Pcm16, as_float
from serve_app.core.audio.silence import joined, silent
from serve_app.engines import SAMPLE_RATE, VoiceActivityDetector
from serve_app.stores import JsonObject

BLOCK = 100 * FRAME
"""3.2 s, about 15 ms of work: what a cancelled request still costs at most."""


@dataclass(frozen=True, slots=True)
class VoiceActivity:
    """What the silence detector and the voice detector find in one recording."""

    duration: float
    """Seconds of the recording."""
    detected: bool
    """Whether there is any voice."""
    voiced_seconds: float
    regions: tuple[tuple[float, float], ...]
    """(start, end) in seconds, in order; parted by silences longer than 0.6 s."""
    silent: bool
    """Whether it is too quiet for a silence detector; faint speech is that too."""
    detector: str
    """Name of the voice detector."""
    probabilities: NDArray[np.float64] = field(repr=False, compare=False)
    """Of voice, one for each frame of 32 ms, shape (frames,); the last frame is filled up with silence."""

    def no_speech(self, words: int) -> bool:
        """Whether a recording in which a recogniser heard so many words holds no speech (RS-081, RS-082)."""
        return not self.detected and (self.silent or not words)

    @property
    def meta(self) -> JsonObject:
        """What `student.meta` tells of it (RS-083)."""
        return {
            "audioDuration": round(self.duration, 3),
            "speechRegionCount": len(self.regions),
            "voiceActivityChecked": True,
            "voiceActivityDetected": self.detected,
            "voiceActivityDuration": round(self.voiced_seconds, 3),
            "voiceActivityDetector": self.detector,
        }


async def voice_activity(samples: Pcm16, detector: VoiceActivityDetector) -> VoiceActivity:
    """Listen to a whole recording, 16 kHz mono; it is done in a thread, and the detector is its alone."""
    probabilities: list[float] = []
    async with aclosing(iterate_in_thread(_judged(samples, detector))) as blocks:
        async for block in blocks:
            probabilities += block
    return await asyncio.to_thread(_activity, samples, probabilities, detector.name)


def _judged(samples: Pcm16, detector: VoiceActivityDetector) -> Iterator[list[float]]:
    """Probabilities, some frames at a time."""
    detector.reset()
    for start in range(0, len(samples), BLOCK):
        block = as_float(samples[start : start + BLOCK])
        frames = np.pad(block, (0, -len(block) % FRAME)).reshape(-1, FRAME)
        yield [detector.speech_probability(frame) for frame in frames]


def _activity(samples: Pcm16, probabilities: list[float], detector: str) -> VoiceActivity:
    endpointer = Endpointer()
    for probability in probabilities:
        endpointer.accept(probability)
    spoken = [(region.start, min(region.end, len(samples))) for region in endpointer.regions]
    regions = [(region.start, min(region.end, len(samples))) for region in joined(endpointer.regions)]
    return VoiceActivity(
        duration=len(samples) / SAMPLE_RATE,
        detected=bool(regions),
        voiced_seconds=sum(end - start for start, end in spoken) / SAMPLE_RATE,
        regions=tuple((start / SAMPLE_RATE, end / SAMPLE_RATE) for start, end in regions),
        silent=silent(samples),
        detector=detector,
        probabilities=np.array(probabilities),
    )
