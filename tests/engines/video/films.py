"""Videos as a player sees them."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Film:
    """A video as a player sees it."""

    frames: NDArray[np.uint8]
    """RGB, shape (frames, height, width, 3)."""
    sound: NDArray[np.float32]
    """Shape (channels, samples)."""


def watch(path: Path) -> Film:
    """Decode a whole file."""
    with av.open(str(path)) as file:
        frames = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
    with av.open(str(path)) as file:
        sound = [frame.to_ndarray() for frame in file.decode(audio=0)]
    return Film(np.stack(frames).astype(np.uint8), np.concatenate(sound, axis=1).astype(np.float32))


def seconds_of(stream: av.VideoStream | av.AudioStream) -> Fraction:
    """How long a track is, exactly."""
    return Fraction(stream.duration or 0) * (stream.time_base or 0)


def open_files() -> list[str]:
    """Of this process, by Linux's list; other systems have none."""
    links = Path("/proc/self/fd")
    opened = []
    for link in links.iterdir() if links.is_dir() else ():
        with suppress(FileNotFoundError):  # that of the list itself
            opened.append(os.readlink(link))
    return opened
