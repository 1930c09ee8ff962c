"""What the embedded acoustic model and the melody tell of each word of a known text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from deployments.align.embedded.pitch_contour import Numbers, Rhyme, contours
from deployments.align.embedded.pronunciations import Reading, toneless
from deployments.align.embedded.substitutions import heard_labels
from deployments.align.embedded.tones import ToneModel, Tones
from deployments.align.embedded.windows import hear_in_windows
from deployments.align.viterbi import FloatArray, Unit, align
from deployments.thai_speech.acoustic import STRIDE, acoustic_model
from deployments.thai_speech.features import HOP
from serve_app.engines import Audio

LEAD, LONGEST = 5, 30
"""Feature frames of 10 ms: a sound begins before its token, and a rhyme is over within 0.3 s of its own."""
FLOOR = -12.0
"""Log posterior below which nothing is told apart; also that of a word that was passed over."""
CERTAIN = 8.0
"""Log odds of a tone beyond which nothing is told apart."""


class Said(NamedTuple):
    """One word in the audio."""

    reading: Reading
    units: list[Unit]
    heard: list[int]
    """Label of the sound in the place of each; see `heard_labels`."""
    contours: Numbers
    """Shape (syllables, POINTS); NaN where there was no voice."""


class Evidence(NamedTuple):
    """What speaks for a word: its weakest part."""

    sound: float
    """Log posterior of the sound heard least, FLOOR..0."""
    tone: float
    """Log odds of the worst tone, -CERTAIN..CERTAIN; 0 when there was none to hear."""


def hear(audio: Audio, readings: Sequence[Reading]) -> list[Said]:
    """Find the words in 16 kHz audio; what is not there is passed over."""
    log_probs = hear_in_windows(audio, STRIDE * HOP, _sounds)
    found = align(log_probs, [reading.sounds for reading in readings])
    labels = heard_labels(log_probs, readings, found)
    melody = contours(audio, _rhymes(readings, found))
    edges = np.cumsum([0, *(len(reading.tones) for reading in readings)])
    parts = [melody[first:end] for first, end in pairwise(edges)]
    return [Said(*word) for word in zip(readings, found, labels, parts, strict=True)]


def _sounds(audio: Audio) -> FloatArray:
    return toneless(acoustic_model().log_probs([audio])[0])


def _rhymes(readings: Sequence[Reading], found: Sequence[Sequence[Unit]]) -> list[Rhyme]:
    """From the vowel of each syllable to the next syllable; empty where a word was passed over."""
    words = list(zip(readings, found, strict=True))
    nuclei = [units[place] for reading, units in words for place in reading.nuclei]
    onsets = [units[place] for reading, units in words for place in reading.onsets]
    latest = [unit.first * STRIDE + LONGEST for unit in nuclei]
    following = [*(unit.first * STRIDE - LEAD for unit in onsets[1:]), *latest[-1:]]
    return [
        Rhyme(unit.first * STRIDE - LEAD, min(stop, next_one) if unit.end > unit.first else 0)
        for unit, stop, next_one in zip(nuclei, latest, following, strict=True)
    ]


def evidence(said: Sequence[Said], tones: ToneModel) -> list[Evidence]:
    """For each word of one reading."""
    odds = tones.goodness(*melody_of(said))
    edges = np.cumsum([0, *(len(word.reading.tones) for word in said)])
    return [
        Evidence(
            max(FLOOR, min(unit.posterior for unit in word.units)),
            float(odds[first:end].min().clip(-CERTAIN, CERTAIN)),
        )
        for word, (first, end) in zip(said, pairwise(edges), strict=True)
    ]


def melody_of(said: Sequence[Said]) -> tuple[Numbers, Tones]:
    """Contours of all syllables of one reading, shape (syllables, POINTS), and the tones they should have."""
    tones = np.array([tone for word in said for tone in word.reading.tones], np.intp)
    return np.concatenate([word.contours for word in said]), tones
