"""Probability of the words of a lattice, by forward-backward (Wessel, Schlüter, Macherey and Ney 2001)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deployments.thai_speech.beam import Endings, Paths, best_of_nodes
from deployments.thai_speech.lattice import Lattice, Spoken
from deployments.thai_speech.trie import FloatArray

Scores = NDArray[np.float64]
SCALE = 0.35
"""Exponent on all scores: neighbouring frames are not independent, so their product is too sure. On the
development sentences 0.2 and 0.35 miss the share of right words by 0.018, 0.5 by 0.030 and 0.8 by 0.047;
of these two 0.35 ranks words better (area under the curve 0.72 and 0.77)."""


@dataclass(frozen=True, slots=True)
class Posteriors:
    """Of all paths through the lattices; each word counts with the history that it follows best."""

    lattice: Lattice
    arc: Scores
    """Probability of each arc, shape (arcs,)."""

    def of(self, window: int, spoken: Spoken) -> float:
        """Probability, 0..1, that the word is said somewhere in its frames; 0 for a word that is no arc."""
        arcs = self.lattice.arcs
        near = (arcs.window == window) & (arcs.word == spoken.word)
        near &= (arcs.first <= spoken.last) & (arcs.last >= spoken.first)
        return min(1.0, float(self.arc[near].sum()))


def posteriors(
    lattice: Lattice, log_blank: FloatArray, endings: Endings, paths: Paths, unfinished: NDArray[np.bool_]
) -> Posteriors:
    """`unfinished` (windows,): where words may still be open at the end."""
    arcs, blank = lattice.arcs, SCALE * log_blank.astype(np.float64)
    scores = SCALE * (arcs.sound + lattice.language).astype(np.float64)
    forward, backward = np.zeros((2, len(blank), blank.shape[1] + 1))
    for frame, new in _by_last_frame(lattice, blank.shape[1]):
        ended = forward[arcs.window[new], arcs.first[new]] + scores[new]
        forward[:, frame + 1] = forward[:, frame] + blank[:, frame]
        np.logaddexp.at(forward[:, frame + 1], arcs.window[new], ended)
    backward[:, :-1] = -np.inf
    _open(backward, endings, paths, unfinished)
    for frame, new in reversed(list(_by_last_frame(lattice, blank.shape[1]))):
        begun = backward[arcs.window[new], frame + 1] + scores[new]
        np.logaddexp.at(backward, (arcs.window[new], arcs.first[new]), begun)
        backward[:, frame] = np.logaddexp(backward[:, frame], backward[:, frame + 1] + blank[:, frame])
    through = forward[arcs.window, arcs.first] + scores + backward[arcs.window, arcs.last + 1]
    return Posteriors(lattice, np.exp(through - backward[arcs.window, 0]))


def _by_last_frame(lattice: Lattice, length: int) -> Iterator[tuple[int, slice]]:
    bounds = np.searchsorted(lattice.arcs.last, np.arange(length + 1))
    return ((frame, slice(bounds[frame], bounds[frame + 1])) for frame in range(length))


def _open(backward: Scores, endings: Endings, paths: Paths, unfinished: NDArray[np.bool_]) -> None:
    """The words still open at the end are one more way on from the frame in which they began."""
    score, start = best_of_nodes(paths)
    rows = np.nonzero(unfinished[:, None] & np.isfinite(score))
    rest = SCALE * (score[rows] - endings.silent[rows[0], start[rows]]).astype(np.float64)
    np.logaddexp.at(backward, (rows[0], start[rows]), rest)
