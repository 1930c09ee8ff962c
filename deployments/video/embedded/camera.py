"""The way of a virtual camera: where it stands and looks in each frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

CameraPath = NDArray[np.float64]
"""Shape (frames, 7): a `Pose` for each frame."""


class Pose(NamedTuple):
    """Where the camera is, from where it started: the middle of the scene is at a distance of 1."""

    x: float = 0
    """To the right."""
    y: float = 0
    """Down."""
    z: float = 0
    """Forward."""
    yaw: float = 0
    """Radians, to the right."""
    pitch: float = 0
    """Radians, up."""
    roll: float = 0
    """Radians, clockwise."""
    zoom: float = 0
    """Natural logarithm of the magnification."""


class Move(NamedTuple):
    """One motion of the camera."""

    name: str
    """One of `MOVES`, or `handheld`."""
    speed: float = 1.0
    """1 is a calm pace."""


Phase = tuple[Move, ...]
"""Moves that are made together; phases follow one another."""

MOVES = {
    # A head that turns on its tripod also carries the lens a little aside: that shows depth.
    "pan left": Pose(yaw=-0.10, x=-0.03), "pan right": Pose(yaw=0.10, x=0.03),
    "tilt up": Pose(pitch=0.07, y=-0.02), "tilt down": Pose(pitch=-0.07, y=0.02),
    "truck left": Pose(x=-0.12), "truck right": Pose(x=0.12),
    "crane up": Pose(y=-0.10, pitch=-0.03), "crane down": Pose(y=0.10, pitch=0.03),
    "dolly in": Pose(z=0.20), "dolly out": Pose(z=-0.20),
    "zoom in": Pose(zoom=0.25), "zoom out": Pose(zoom=-0.25),
    # It goes round what is in the middle, and keeps it there.
    "orbit left": Pose(x=-0.14, yaw=0.14), "orbit right": Pose(x=0.14, yaw=-0.14),
    "roll left": Pose(roll=-0.07), "roll right": Pose(roll=0.07),
    "fly over": Pose(z=0.18, y=-0.07, pitch=-0.02),
    # What is in the middle keeps its size, and what is behind it comes up or goes away.
    "dolly zoom": Pose(z=0.25, zoom=-0.30),
    "static": Pose(),
}  # fmt: skip
"""How far each goes in `CALM_S` at a calm pace: a fifth of the picture at most, all that it can spare."""
UNNAMED = (Move("dolly in", 0.6), Move("drift"))
"""What is done where the prompt names no motion: a slow push-in."""
CALM_S = 5.0
"""Seconds; a longer video goes farther, by the root of its length: the picture ends somewhere."""
FARTHEST = 1.6
"""Times a pose of `MOVES`: past it a near thing at the edge is drawn out visibly."""
LIMITS = np.array(Pose(x=0.5, y=0.5, z=0.45, yaw=0.3, pitch=0.3, roll=0.3, zoom=0.9))
"""Of all moves together: what is nearest lies at 0.8, and a ray must meet the picture from the front."""
TAKE = 0.06
"""Part by which a seed lengthens or shortens each move: another take of the same shot."""
SHAKE = Pose(x=0.004, y=0.005, z=0.004, yaw=0.004, pitch=0.004, roll=0.006)
"""How far a hand moves a camera: some ten pixels of 720 lines."""
SHAKE_HZ = (0.3, 0.7, 1.3, 2.1)
"""Breath, stance and hand; faster than these is a fault and not a style."""
DRIFT = Pose(x=0.02, y=0.012, yaw=0.008, pitch=0.006, roll=0.006)
"""How far the camera goes aside at most where nothing is named."""


def path_of(phases: Sequence[Phase], frames: int, frame_rate: int, seed: int) -> CameraPath:
    """The way through all phases, which share the time equally; every move starts and stops softly."""
    generator = np.random.default_rng(seed)
    seconds = frames / frame_rate
    time = np.linspace(0, len(phases), frames)
    path = np.zeros((frames, len(Pose._fields)))
    for number, phase in enumerate(phases):
        progress = eased(np.clip(time - number, 0, 1))
        for move in phase:
            if move.name == "handheld":
                path += move.speed * _shaken(frames, frame_rate, generator)
            else:
                path += progress[:, None] * _reached(move, seconds / len(phases), generator)
    return np.asarray(path * (LIMITS / np.maximum(LIMITS, np.abs(path).max(axis=0))))


def eased(progress: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smoothstep: from 0 to 1 in the same time, without a jerk at either end."""
    return np.asarray(progress * progress * (3 - 2 * progress))


def _reached(move: Move, seconds: float, generator: np.random.Generator) -> NDArray[np.float64]:
    """The pose at the end of a move."""
    if move.name == "drift":
        return np.array(DRIFT) * generator.uniform(-1, 1, len(DRIFT))
    take = 1 + TAKE * generator.uniform(-1, 1)
    reach = min(FARTHEST, take * move.speed * (seconds / CALM_S) ** 0.5)
    return np.asarray(np.array(MOVES[move.name]) * reach)


def _shaken(frames: int, frame_rate: int, generator: np.random.Generator) -> CameraPath:
    """A sum of slow waves on each axis, the faster the smaller."""
    time = np.arange(frames)[:, None, None] / frame_rate
    hertz = np.array(SHAKE_HZ) * generator.uniform(0.8, 1.2, (len(SHAKE), len(SHAKE_HZ)))
    waves = np.sin(2 * np.pi * (hertz * time + generator.random(hertz.shape)))
    return np.asarray(np.array(SHAKE) * (waves / np.sqrt(hertz)).mean(axis=2))
