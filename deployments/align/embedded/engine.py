"""Forced alignment of Thai on a CPU with nothing to download: our small CTC model for the sounds, the melody
for the tones."""

from __future__ import annotations

import numpy as np

from deployments.align.embedded.calibration import calibration
from deployments.align.embedded.hearing import evidence, hear
from deployments.align.embedded.pronunciations import readings
from deployments.align.embedded.syllables import with_syllables
from deployments.align.embedded.timing import timed
from deployments.align.replica import Found, Passage
from deployments.thai_speech.acoustic import FRAME_SECONDS
from serve_app.engines import SAMPLE_RATE, EngineCard

LEAD_S, TAIL_S = 0.018, 0.013
"""From the true start of a word to its first frame, and from its last frame to its true end: medians that
`python -m training.thai_speech.calibrate_pronunciation` prints."""


class EmbeddedAligner:
    """Stateless and deterministic. It hears a word that was left out or replaced, a wrong consonant or vowel,
    a final consonant that is missing, and a wrong tone."""

    card = EngineCard(
        engine="thai",
        impl="kaleido-embedded-thai-aligner",
        embedded=True,
        languages=("th",),
        note="Calibrated on synthetic speech: for development, not for judging people.",
    )
    example = Passage(np.zeros(SAMPLE_RATE, np.float32), ("ไทย",))

    def align(self, passage: Passage) -> Found:
        """Where each word was said and how well; None for what is not read as Thai, and for signs."""
        read = readings(passage.words)
        known = [reading for reading in read if reading is not None]
        if not known:
            return (None,) * len(read)
        said, fitted = hear(passage.audio, known), calibration()
        confidences = [fitted.confidence(word) for word in evidence(said, fitted.tones)]
        duration = len(passage.audio) / SAMPLE_RATE
        words = timed(
            [word.units for word in said],
            confidences,
            frame_s=FRAME_SECONDS,
            duration=duration,
            lead_s=LEAD_S,
            tail_s=TAIL_S,
        )
        detailed = iter(with_syllables(words, said, fitted.tones))
        return tuple(reading and next(detailed) for reading in read)
