"""The melody of each syllable: five pitches along its rhyme, in semitones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deployments.align.embedded.windows import hear_in_windows
from deployments.thai_speech.features import HOP
from deployments.thai_speech.pitch import PITCHES, periodicity
from serve_app.engines import Audio

SEMITONES = 36 / (PITCHES - 1)
"""Of a step of `periodicity`: three octaves in all."""
POINTS = 5
"""A contour tone rises or falls once: five points show where."""
REACH = 10
"""Steps above and below a reader's own pitch, less than an octave: none is doubled or halved."""
LEAP = 0.1
"""Periodicity that a pitch must gain to lie a step off the one before: noise leaps, voices glide."""
VOICED = 0.12
"""Periodicity of a voiced frame. With 0.08 noise counts as voice too, with 0.15 fewer rhymes have one."""
HIGHER = 0.85
"""Half the pitch is as periodic: the highest pitch with this share of the strongest is the reader's."""

Numbers = NDArray[np.float64]


class Rhyme(NamedTuple):
    """Where the vowel and coda of a syllable are."""

    first: int
    """Feature frame, 10 ms each."""
    end: int


def contours(audio: Audio, rhymes: Sequence[Rhyme]) -> Numbers:
    """Shape (rhymes, POINTS), semitones above 60 Hz; NaN for a rhyme without voice."""
    pitch = pitch_track(hear_in_windows(audio, HOP, periodicity))
    return np.array([_contour(pitch[max(0, first) : end]) for first, end in rhymes]).reshape(-1, POINTS)


def pitch_track(picture: NDArray[np.float32]) -> Numbers:
    """Semitones above 60 Hz of each frame of a picture (frames, PITCHES); NaN without voice."""
    usual = _usual_pitch(picture)
    low, high = max(0, usual - REACH), min(PITCHES, usual + REACH + 1)
    near = picture[:, low:high].astype(np.float64)
    peak = _ridge(near).clip(1, near.shape[1] - 2)
    before, here, after = (near[np.arange(len(near)), peak + step] for step in (-1, 0, 1))
    bend = before - 2 * here + after
    # A parabola through three steps: pitch between the steps of the picture.
    shift = np.where(bend < -1e-9, (before - after) / (2 * np.minimum(bend, -1e-9)), 0.0).clip(-1, 1)
    return np.where(here > VOICED, (low + peak + shift) * SEMITONES, np.nan)


def _ridge(picture: Numbers) -> NDArray[np.intp]:
    """The step of each frame on the smooth path of most periodicity, by dynamic programming."""
    frames, steps = picture.shape
    price = LEAP * np.abs(np.arange(steps)[:, None] - np.arange(steps))
    best, came = picture[0], np.zeros(picture.shape, np.intp)
    for frame in range(1, frames):
        paths = best[:, None] - price
        came[frame] = paths.argmax(axis=0)
        best = paths.max(axis=0) + picture[frame]
    ridge, step = np.empty(frames, np.intp), int(best.argmax())
    for frame in range(frames - 1, -1, -1):
        ridge[frame] = step
        step = came[frame, step]
    return ridge


def _usual_pitch(picture: NDArray[np.float32]) -> int:
    """The step of a reader's own pitch: where voiced frames are most periodic together."""
    strong = np.maximum(picture, 0) ** 2
    whole = np.convolve(strong.sum(axis=0), np.ones(5) / 5, "same")
    return int(np.nonzero(whole >= HIGHER * whole.max())[0].max())


def _contour(pitch: Numbers) -> Numbers:
    (voiced,) = np.nonzero(np.isfinite(pitch))
    if len(voiced) < 3:
        return np.full(POINTS, np.nan)
    smooth = np.array([np.median(pitch[voiced[max(0, n - 1) : n + 2]]) for n in range(len(voiced))])
    return np.asarray(np.interp(np.linspace(voiced[0], voiced[-1], POINTS), voiced, smooth))
