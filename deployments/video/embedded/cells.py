"""The cells into which a frame is cut to be warped."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from deployments.video.embedded.projection import Points

CELLS = 12
"""Each way: places are computed at the corners of cells and lie on straight lines between them: no
seam shows. At 720p that is half a pixel off in most moves, and 1.3 in the widest orbit."""


class Cells(NamedTuple):
    """Of one plane of a frame."""

    size: tuple[int, int]
    """Width and height in pixels."""
    boxes: tuple[tuple[int, int, int, int], ...]
    """Left, upper, right and lower edge of each cell, row by row."""

    @classmethod
    def of(cls, width: int, height: int, step: int) -> Self:
        """Of the luma (a `step` of 1) or chroma (2) of a frame: the same, as they end at even pixels."""
        across, down = ((_edges(length) // step).tolist() for length in (width, height))
        boxes = tuple((x0, y0, x1, y1) for y0, y1 in pairwise(down) for x0, x1 in pairwise(across))
        return cls((width // step, height // step), boxes)


def corners(width: int, height: int) -> Points:
    """Corners of the cells of a frame, shape (n, 2); a frame spans -1..1 both ways."""
    across, down = (2 * _edges(length) / length - 1 for length in (width, height))
    return np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2)


def quads(places: Points, size: tuple[int, int]) -> list[list[float]]:
    """The corners of each cell in a plane of this size, as Pillow wants them: from the upper left one against
    the clock. `places` (n, 2) are those of `corners`."""
    at = (np.clip((places + 1) / 2, 0, 1) * size).reshape(CELLS + 1, CELLS + 1, 2)
    around = (at[:-1, :-1], at[1:, :-1], at[1:, 1:], at[:-1, 1:])
    return np.concatenate(around, axis=-1).reshape(-1, 8).tolist()


def _edges(length: int) -> NDArray[np.int64]:
    return 2 * np.rint(np.linspace(0, length // 2, CELLS + 1)).astype(np.int64)
