"""Where in the picture each point of a frame is seen, for a camera that moves in front of it.

The picture hangs in space as a relief (`nearness`). A ray through a point of the frame meets it where the
depth assumed for a place is the depth of that place: found by fixed-point iteration, as in parallax mapping,
which converges since the relief is flat and smooth.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deployments.video.embedded.camera import CameraPath

Points = NDArray[np.float64]
"""Places, shape (..., 2): x to the right and y down; the picture spans -1..1 both ways."""
FOCAL_LENGTH = 4.0
"""Of half the shorter side: a long lens, which keeps upright lines upright as it turns."""
ITERATIONS = 6
"""Each leaves about a fifth of the error: at the end less than a hundredth of a pixel."""
FITTINGS = 16
"""The window converges as fast, but for ways that go far towards the picture."""
SPARE = 1.002
"""How much smaller the window is than what would just do: rounding must never show an edge."""
TIGHTEST = 1.6
"""Magnification of a window that still shows the better part of the picture."""
SHORTENING = 0.85
"""Of a way too long, until it fits: pans, cranes and pull-outs together."""
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


class Window(NamedTuple):
    """The part of the picture from which the camera starts: all of its way must find picture there."""

    magnification: float = 1.0
    x: float = 0.0
    """Of its middle."""
    y: float = 0.0


def seen(path: CameraPath, frame_points: Points, window: Window, aspect: float) -> Points:
    """Where `frame_points` (n, 2) lie in the picture, shape (frames, n, 2); `aspect` is width / height."""
    half = np.array([max(aspect, 1.0), max(1 / aspect, 1.0)])
    x, y, z, yaw, pitch, roll, zoom = (column[:, None] for column in path.T)
    scale = np.exp(-zoom)[..., None] / window.magnification
    on_film = (frame_points * scale + (window.x, window.y)) * half
    ray_x, ray_y, ray_z = _turned(on_film, yaw, pitch, roll)
    place = np.stack(np.broadcast_arrays(on_film[..., 0], on_film[..., 1]), axis=-1) / half
    for _ in range(ITERATIONS):
        near = nearness(place[..., 0], place[..., 1])
        along = (1 / near - z) / ray_z
        met = FOCAL_LENGTH * near[..., None] * np.stack([x + along * ray_x, y + along * ray_y], axis=-1)
        place = met / half
    return np.asarray(place)


def fitted(path: CameraPath, frame_points: Points, aspect: float) -> tuple[CameraPath, Window]:
    """The way, shortened where it needs more than `TIGHTEST`, and the largest window for it."""
    while (window := window_of(path, frame_points, aspect)).magnification > TIGHTEST:
        path = path * SHORTENING
    return path, window


def window_of(path: CameraPath, frame_points: Points, aspect: float) -> Window:
    """The largest window from which the whole way stays inside of the picture."""
    window = Window()
    edge = frame_points[np.abs(frame_points).max(axis=1) == 1]  # the rest lies between
    for _ in range(FITTINGS):
        places = seen(path, edge, window, aspect).reshape(-1, 2)
        low, high = places.min(axis=0), places.max(axis=0)
        x, y = (low + high) / 2
        magnification = window.magnification * float((high - low).max()) / 2
        window = Window(magnification, window.x - float(x), window.y - float(y))
    return window._replace(magnification=window.magnification * SPARE)


def _turned(on_film: Points, yaw: Points, pitch: Points, roll: Points) -> tuple[Points, Points, Points]:
    """The directions of the rays through the film: rolled, then pitched, then yawed."""
    film_x, film_y = on_film[..., 0], on_film[..., 1]
    x = np.cos(roll) * film_x - np.sin(roll) * film_y
    y = np.sin(roll) * film_x + np.cos(roll) * film_y
    y, z = (
        np.cos(pitch) * y - np.sin(pitch) * FOCAL_LENGTH,
        np.sin(pitch) * y + np.cos(pitch) * FOCAL_LENGTH,
    )
    return np.cos(yaw) * x + np.sin(yaw) * z, y, np.cos(yaw) * z - np.sin(yaw) * x
