"""Keeps what an engine made of the references it was given last."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from serve_app.engines import Reference

Voice = TypeVar("Voice")

KEPT = 64
"""More teams than speak through one replica at a time; a voice is up to 50 KB of codes."""


class VoiceCache(Generic[Voice]):
    """The voice of a reference, encoded once for all chunks of a text (TTS-019); the oldest unused goes."""

    def __init__(self, encode: Callable[[Reference], Voice], kept: int = KEPT) -> None:
        self._encode = encode
        self._kept = kept
        self._voices: OrderedDict[bytes, Voice] = OrderedDict()

    def __getitem__(self, reference: Reference) -> Voice:
        """Raises what `encode` raises, and keeps nothing then."""
        key = _digest(reference)
        if key not in self._voices:
            self._voices[key] = self._encode(reference)
        self._voices.move_to_end(key)
        if len(self._voices) > self._kept:
            self._voices.popitem(last=False)
        return self._voices[key]


def _digest(reference: Reference) -> bytes:
    about = f"{reference.sample_rate} {reference.transcript}".encode()
    return hashlib.sha256(reference.samples.tobytes() + about).digest()
