"""The recording of a voice to clone, as an engine takes it."""

from __future__ import annotations

import numpy as np
import soxr

from serve_app.engines import Audio, Reference
from serve_app.errors import InvalidRequest

SHORTEST = 1.0
"""Seconds (TTS-021); codecs fail on what is much shorter."""
INAUDIBLE = 1e-4
"""Peak of a recording without sound: three steps of 16-bit audio."""


def audible(reference: Reference, sample_rate: int, field: str) -> Audio:
    """Its samples at `sample_rate` Hz. Raises InvalidRequest, naming the field, without a second of sound."""
    short = len(reference.samples) < SHORTEST * reference.sample_rate
    if short or np.abs(reference.samples).max() < INAUDIBLE:
        raise InvalidRequest(f"{field} must hold at least {SHORTEST:g} s of sound.")
    samples: Audio = soxr.resample(reference.samples, reference.sample_rate, sample_rate)
    return samples
