"""How likely a recognised word is right: logistic regression on what the decoder knows of it."""

from __future__ import annotations

import math
from typing import NamedTuple


class Evidence(NamedTuple):
    """What speaks for a word."""

    posterior: float
    """Probability of the word in the lattice, 0..1."""
    tokens: int
    """Longer words are seldom mistaken for others."""


BIAS, POSTERIOR_WEIGHT, LENGTH_WEIGHT = 1.56, 0.76, 0.17
"""Printed by `python -m training.thai_speech.calibrate_confidence`: fitted to words of the development
sentences."""
_FLOOR = 1e-3
"""Nearest to 0 and 1 that a posterior is believed: the lattice has lost all that the beam did not keep."""


def confidence(evidence: Evidence) -> float:
    """Probability that the word is right, 0..1; it rises with each part of the evidence."""
    likely = logit(evidence.posterior)
    total = BIAS + POSTERIOR_WEIGHT * likely + LENGTH_WEIGHT * math.log(evidence.tokens)
    return 1 / (1 + math.exp(-total))


def logit(probability: float) -> float:
    """Log odds, within those of `_FLOOR`."""
    kept = min(max(probability, _FLOOR), 1 - _FLOOR)
    return math.log(kept / (1 - kept))
