"""Recordings of a voice to clone: read within bounds, kept as WAV (TTS-021)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from serve_app.core.audio.losses import Damage
from serve_app.core.audio.pcm import FULL_SCALE, Pcm16, as_float
from serve_app.engines import Reference
from serve_app.errors import InvalidAudio
from serve_app.media.audio_file import AudioFile

RATE = 24_000
"""Hz of references: what the engines that clone work at."""
SHORTEST_S, LONGEST_S = 1.0, 30.0
"""TTS-021."""
SILENT = FULL_SCALE * 10 ** (-50 / 20)
"""A recording is silent when no 100 ms of it reach -50 dBFS (root mean square): speech at a usable level lies
20 dB above that, the noise of a quiet room below it."""
WINDOW = RATE // 10


@dataclass(frozen=True, slots=True)
class ReadReference:
    """A reference as it could be decoded."""

    reference: Reference
    damage: Damage | None
    """None where that is all of the recording (VP-006)."""


def read_reference(file: BinaryIO, transcript: str = "") -> ReadReference:
    """A seekable file as a reference; blocks the thread, for less than a tenth of a second.

    What can be decoded of a damaged one will do if it is long enough. Raises InvalidAudio when it is no
    recording in a known format, too short, or silent, and AudioTooLong.
    """
    audio = AudioFile(file, max_seconds=LONGEST_S, rate=RATE)
    try:
        samples = np.concatenate(list(audio.blocks()))
    finally:
        audio.close()
    if len(samples) < SHORTEST_S * RATE:
        seconds = len(samples) / RATE
        raise InvalidAudio(f"A voice to clone takes {SHORTEST_S:g} to {LONGEST_S:g} s, not {seconds:.2f} s.")
    if _loudest(samples) < SILENT:
        raise InvalidAudio("The recording of the voice to clone is silent.")
    return ReadReference(Reference(as_float(samples), RATE, transcript), audio.damage)


def _loudest(samples: Pcm16) -> float:
    """Root mean square of the loudest window."""
    windows = samples[: len(samples) // WINDOW * WINDOW].reshape(-1, WINDOW).astype(np.float32)
    return float(np.sqrt(np.square(windows).mean(axis=1).max()))
