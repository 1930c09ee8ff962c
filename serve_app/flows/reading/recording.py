"""The recordings of a reading, stored and decoded (RS-012)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from serve_app.backends import Backends
from serve_app.core.audio.losses import Damage
from serve_app.core.audio.pcm import Pcm16
from serve_app.errors import AudioTooLong, InvalidAudio
from serve_app.media.audio_file import AudioFile


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording as it could be decoded."""

    samples: Pcm16
    """16 kHz mono."""
    damage: Damage | None
    """None where that is all of it (VP-006)."""


async def recorded(backends: Backends, team: str, path: str) -> Recorded:
    """A stored recording, ten minutes at most.

    Raises NotFound when it is no longer kept, and InvalidAudio and AudioTooLong, which name its field.
    """
    location = (await backends.files.find(path, team=team)).location
    try:
        return await asyncio.to_thread(_decoded, location, backends.settings.reading_max_audio_s)
    except (InvalidAudio, AudioTooLong) as refused:
        raise type(refused)(f"{location.name}: {refused.message}") from refused


def _decoded(location: Path, max_seconds: float) -> Recorded:
    with location.open("rb") as file:
        audio = AudioFile(file, max_seconds=max_seconds)
        try:
            return Recorded(np.concatenate(list(audio.blocks())), audio.damage)
        finally:
            audio.close()
