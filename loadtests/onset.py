"""Which audio makes the server's voice detector decide.

The detector is deterministic and counts time in samples, so replaying it here gives the very frame. Guessing
the frame from arrival times would hide the server's own delay.
"""

from __future__ import annotations

import numpy as np

from deployments.vad.silero import SileroDetector
from loadtests.recording import SAMPLE_RATE
from serve_app.core.audio.endpointing import FRAME, Endpointer
from serve_app.core.audio.pcm import as_float


def decided_ms(pcm: bytes) -> float | None:
    """Milliseconds of audio that had been heard when speech was first decided; None when it never was."""
    samples = np.frombuffer(pcm, "<i2")
    detector, endpointer = SileroDetector(), Endpointer()
    for at in range(0, len(samples) - FRAME + 1, FRAME):
        if endpointer.accept(detector.speech_probability(as_float(samples[at : at + FRAME]))):
            return endpointer.heard * 1000 / SAMPLE_RATE
    return None
