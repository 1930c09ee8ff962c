"""A tiny deterministic aligner, for tests of what stands around engines."""

from __future__ import annotations

import numpy as np

from deployments.align.replica import Found, Passage
from serve_app.engines import SAMPLE_RATE, AlignedWord, EngineCard

POISON = "poison"
"""A text with this word makes the engine fail."""


class TinyAligner:
    """Finds the n-th word in the n-th second."""

    card = EngineCard("unnamed", "tiny", embedded=True, languages=("th",))
    example = Passage(np.zeros(SAMPLE_RATE, np.float32), ("warm",))

    def __init__(self) -> None:
        self.passages: list[Passage] = []

    def align(self, passage: Passage) -> Found:
        self.passages.append(passage)
        if POISON in passage.words:
            raise ValueError("secret path /somewhere/model.bin")
        return tuple(AlignedWord(float(n), n + 1.0, 0.5) for n in range(len(passage.words)))
