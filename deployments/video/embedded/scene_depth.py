"""How near each part of a picture is, guessed from where it is: there is no model here that would see."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FAR, NEAR = 0.85, 1.15
"""1 / distance of the upper and the lower edge: ground runs from the viewer's feet to the horizon. The way
between is straight, and no longer, so that what stands upright leans by some degrees at most as the camera
goes aside."""
SUBJECT = 0.09
"""By how much what is in the middle is nearer: pictures are taken of something."""
SUBJECT_AT, SUBJECT_SIZE = (0.0, 0.1), (0.5, 1.2)
"""Its place and its spread, of half the picture: upright, as people and houses are."""


def nearness(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / distance at places of the picture, which spans -1..1 both ways, y downwards; about 1, and so smooth
    that no edge of it is ever seen."""
    x, y = np.clip(x, -1, 1), np.clip(y, -1, 1)
    ground = FAR + (NEAR - FAR) * (y + 1) / 2
    (x0, y0), (width, height) = SUBJECT_AT, SUBJECT_SIZE
    subject = np.exp(-(((x - x0) / width) ** 2) - ((y - y0) / height) ** 2)
    return np.asarray(ground + SUBJECT * subject)
