"""Telling two recordings apart."""

from __future__ import annotations

import numpy as np

from loadtests.speech.intelligibility import warped
from serve_app.engines import SAMPLE_RATE, Audio


def tones(*hertz: float, seconds: float = 0.1) -> Audio:
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return np.concatenate([np.sin(2 * np.pi * each * time) for each in hertz]).astype(np.float32)


def test_time_may_stretch_but_the_order_counts() -> None:
    """TTS-019: the same sounds said more slowly are nearer than others at the same pace."""
    said = tones(300, 900, 2000)
    assert warped(said, said) == 0
    assert warped(said, tones(300, 900, 2000, seconds=0.15)) < warped(said, tones(2000, 900, 300))
