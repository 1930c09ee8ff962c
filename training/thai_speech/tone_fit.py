"""Fits how the melody of each tone looks: linear discriminant analysis of contours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deployments.align.embedded.hearing import Said
from deployments.align.embedded.pitch_contour import Numbers
from deployments.align.embedded.pronunciations import TONES
from deployments.align.embedded.tones import ToneModel, relative
from training.thai_speech.mispronunciations import Misread

ROUNDS = 3
"""Readers' heights and the levels of the tones depend on one another; after three rounds neither moves."""
RIDGE = 0.01
"""Semitones squared added to the spread of contours: neighbouring points say nearly the same."""


class Syllables(NamedTuple):
    """Those of a sentence that have a voice."""

    contours: Numbers
    """Shape (syllables, POINTS)."""
    expected: NDArray[np.intp]
    spoken: NDArray[np.intp]


def syllables(misread: Misread, said: Sequence[Said]) -> Syllables:
    """Of words with as many syllables as written, so that it is known which tone was spoken where."""
    words = zip(said, misread.spoken, strict=True)
    kept = [(word, spoken) for word, spoken in words if len(spoken) == len(word.reading.tones)]
    contours = np.concatenate([word.contours for word, _ in kept])
    expected = np.array([tone for word, _ in kept for tone in word.reading.tones], np.intp)
    spoken = np.array([syllable.tone for _, word in kept for syllable in word], np.intp)
    voiced = np.isfinite(contours[:, 0])
    return Syllables(contours[voiced], expected[voiced], spoken[voiced])


def fit_tones(heard: Sequence[tuple[Misread, list[Said]]]) -> ToneModel:
    """Means of the tones' contours and their common spread; all tones are alike likely."""
    sentences, levels = [syllables(*one) for one in heard], np.zeros(TONES)
    spoken = np.concatenate([sentence.spoken for sentence in sentences])
    for _ in range(ROUNDS):
        points = np.concatenate([relative(s.contours, s.expected, levels) for s in sentences])
        means = np.array([points[spoken == tone].mean(axis=0) for tone in range(TONES)])
        levels = means.mean(axis=1)
    spread = np.cov((points - means[spoken]).T) + RIDGE * np.eye(points.shape[1])
    weights = np.linalg.solve(spread, means.T)
    return ToneModel(levels, weights, -0.5 * (means.T * weights).sum(axis=0))
