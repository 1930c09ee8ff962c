"""Brings the recording of a voice into the form that F5-TTS was made for: 24 kHz, short, trimmed, audible."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deployments.tts.f5.model import SAMPLE_RATE
from deployments.tts.f5.text import cut_near
from deployments.tts.reference import audible
from serve_app.engines import Audio, Reference
from serve_app.errors import InvalidRequest

LONGEST = 12.0
SHORTEST = 0.5
"""Seconds. With the speech to come the longest stays within the 30 s of training; half a second is one
word."""
FRAME = SAMPLE_RATE // 100
"""Samples of 10 ms, in which loudness is looked at."""
QUIET = 10.0 ** (-42 / 20)
"""Root mean square below which a frame at either end is silence, in a recording of LOUDNESS or more."""
TAIL = 5 * FRAME
"""Silence after the last word; without it the model runs on from it."""
PAUSE_FRAMES = 20
"""About the closure of a stop and its release: a shorter dip lies inside a word."""
LOUDNESS = 0.1
"""Root mean square that fainter recordings are raised to; the speech is lowered again by as much. This and
the four numbers above but PAUSE_FRAMES are the package's."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A reference ready for the model."""

    samples: Audio
    """24 kHz."""
    gain: float
    """What they were multiplied with."""
    transcript: str


def voice_of(reference: Reference) -> Voice:
    """The voice of a recording of any length.

    More than 12 s is cut at a pause, and the transcript by the same share. Raises InvalidRequest for silence
    and for a missing transcript: the model continues it, so it must know what was said.
    """
    if not reference.transcript.strip():
        raise InvalidRequest("f5_sample: this engine needs to know what is said in the recording.")
    samples = _trimmed(audible(reference, SAMPLE_RATE, "f5_sample"))
    if len(samples) < SHORTEST * SAMPLE_RATE:
        raise InvalidRequest(f"f5_sample must hold at least {SHORTEST:g} s of sound.")
    kept = _shortened(samples)
    transcript = reference.transcript.strip()
    if len(kept) < len(samples):
        transcript = transcript[: cut_near(transcript, len(transcript) * len(kept) / len(samples))].strip()
    gain = max(1.0, LOUDNESS / float(np.sqrt(np.square(kept).mean())))
    return Voice(np.append(kept * np.float32(gain), np.zeros(TAIL, np.float32)), gain, transcript)


def _trimmed(samples: Audio) -> Audio:
    """Without the silence at both ends, which in a faint recording is fainter too."""
    powers = _powers(samples)
    speech = np.flatnonzero(powers >= QUIET**2 * min(1.0, powers.mean() / LOUDNESS**2))
    return samples[speech[0] * FRAME : (speech[-1] + 1) * FRAME]


def _shortened(samples: Audio) -> Audio:
    """Up to the quietest moment of the second half of 12 s."""
    longest = int(LONGEST * SAMPLE_RATE)
    if len(samples) <= longest:
        return samples
    powers = _powers(samples[longest // 2 : longest])
    pause = int(np.convolve(powers, np.ones(PAUSE_FRAMES), "valid").argmin())
    return samples[: longest // 2 + (pause + PAUSE_FRAMES // 2) * FRAME]


def _powers(samples: Audio) -> NDArray[np.float32]:
    """Mean square of each whole frame."""
    whole = len(samples) // FRAME * FRAME
    return np.square(samples[:whole]).reshape(-1, FRAME).mean(axis=1)
