"""Silence in a recording: is there any sound at all, and which silences part one stretch of speech from the
next (RS-081)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from serve_app.core.audio.endpointing import FRAME, PAD, Region
from serve_app.core.audio.pcm import FULL_SCALE, Pcm16

QUIET_DBFS = -50.0
"""Root mean square of a frame. Rooms and cheap microphones hum below it, a voice at arm's length is 20 dB
above. Quieter voices exist, so silence alone never decides (RS-081)."""
SOUND_FRAMES = 3
"""96 ms of sound: a click is over sooner, the shortest syllable is not."""
PAUSE = 2 * PAD
"""A longer silence parts two regions: the padding that each keeps no longer touches (see `PAD`)."""
BLOCK = 500 * FRAME
"""16 s at a time: memory stays small however long the recording is."""


def silent(samples: Pcm16) -> bool:
    """True when less than 96 ms of a recording are louder than -50 dBFS."""
    blocks = (samples[start : start + BLOCK] for start in range(0, len(samples), BLOCK))
    return sum(map(_loud_frames, blocks)) < SOUND_FRAMES


def joined(regions: Iterable[Region], pause: int = PAUSE) -> list[Region]:
    """Regions in order; those that a silence of at most `pause` samples parts are one."""
    merged: list[Region] = []
    for region in regions:
        if merged and region.start - merged[-1].end <= pause:
            merged[-1].end = region.end
        else:
            merged.append(Region(region.start, region.end))
    return merged


def _loud_frames(block: Pcm16) -> int:
    frames = np.zeros(-(-len(block) // FRAME) * FRAME)
    frames[: len(block)] = block
    power = (frames.reshape(-1, FRAME) ** 2).mean(axis=1) / FULL_SCALE**2
    return int((power > 10 ** (QUIET_DBFS / 10)).sum())
