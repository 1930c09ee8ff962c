"""How sure a share is: 95 % intervals, for counts that belong together and for single yes or no. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

RESAMPLES = 2000
"""Of the bootstrap: the ends of a 95 % interval then move by about a tenth of its width."""
Z_95 = 1.959964
"""Standard deviations of the normal distribution that hold 95 % of it."""


def ratio_interval(counts: Sequence[tuple[float, float]], seed: int = 0) -> tuple[float, float]:
    """Bootstrap (Efron 1979) of the sum of all parts by the sum of all wholes; pairs are drawn, at least one.

    A pair is what hangs together: all the words of a speaker, or of a recording.
    """
    pairs = np.array(counts, dtype=float)
    drawn = np.random.default_rng(seed).integers(len(pairs), size=(RESAMPLES, len(pairs)))
    parts, wholes = pairs[drawn].sum(axis=1).T
    low, high = np.quantile(parts / np.maximum(wholes, 1), (0.025, 0.975))
    return float(low), float(high)


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Score interval of a share (Wilson 1927), which holds for none and for all too; of one trial or more."""
    share, spread = successes / trials, Z_95**2 / trials
    middle = share + spread / 2
    reach = Z_95 * math.sqrt(share * (1 - share) / trials + spread / (4 * trials))
    return max(0.0, (middle - reach) / (1 + spread)), min(1.0, (middle + reach) / (1 + spread))
