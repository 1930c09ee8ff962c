"""The picture in the form that frames are cut from: planes of luma and chroma, as large as the way needs."""

from __future__ import annotations

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deployments.video.embedded.cells import Cells, quads
from deployments.video.embedded.projection import Points
from deployments.video.mp4 import yuv
from serve_app.engines import Picture

SHRINKING = 1.25
"""Pixels of the plate that one of the widest frame may stand for. From about there on fine lines shimmer as
they pass under the pixels; below it the narrowest frame loses more than it must."""
FILTERS = (Image.Resampling.BICUBIC, Image.Resampling.BILINEAR, Image.Resampling.BILINEAR)
"""Of luma and both chromas: the eye sees colour at half the sharpness."""


class Plate:
    """Frames are warped plane by plane: half of the work in RGB, and none to convert each of them."""

    def __init__(self, picture: Picture, width: int, height: int, places: Points) -> None:
        """`places` (frames, n, 2) of the `corners` in all frames tell how large a plate is needed."""
        across, down = _density(places)
        size = (_even(width * across), _even(height * down))
        sized = Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
        self._planes = [Image.fromarray(plane) for plane in _planes(yuv(np.asarray(sized)))]
        self._cells = [Cells.of(width, height, step) for step in (1, 2, 2)]

    def frame(self, places: Points) -> av.VideoFrame:
        """One frame in yuv420p, from the places (n, 2) of its corners. Threads may call it at once."""
        warped = [
            plane.transform(
                cells.size,
                Image.Transform.MESH,
                list(zip(cells.boxes, quads(places, plane.size), strict=True)),
                filter_,
            )
            for plane, cells, filter_ in zip(self._planes, self._cells, FILTERS, strict=True)
        ]
        samples = np.concatenate([np.asarray(plane).reshape(-1) for plane in warped])
        return av.VideoFrame.from_ndarray(samples.reshape(-1, warped[0].width), "yuv420p")


def _planes(frame: av.VideoFrame) -> list[NDArray[np.uint8]]:
    """Luma and both chromas."""
    width, height = frame.width, frame.height
    samples = np.asarray(frame.to_ndarray(), np.uint8).reshape(-1)
    luma, *chroma = np.split(samples, [width * height, width * height * 5 // 4])
    return [luma.reshape(height, width), *(plane.reshape(height // 2, width // 2) for plane in chroma)]


def _density(places: Points) -> NDArray[np.float64]:
    """Pixels of the plate for each of the frame, across and down: as many as the narrowest frame shows,
    within `SHRINKING` of the widest."""
    shown = (places.max(axis=1) - places.min(axis=1)) / 2
    return np.asarray(np.minimum(1 / shown.min(axis=0), SHRINKING / shown.max(axis=0)))


def _even(length: float) -> int:
    return 2 * max(1, round(length / 2))
