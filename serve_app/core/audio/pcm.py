"""Raw PCM16LE audio: bytes to samples, and the samples of one utterance addressed by position."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pcm16 = NDArray[np.int16]
"""Mono 16-bit samples, shape (samples,)."""

FULL_SCALE = 32768.0
AUDIBLE = 33
"""-60 dBFS. Speech at a usable level peaks far above it, digital silence and dither stay below."""


class PcmDecoder:
    """Turns frames of bytes into samples; a spare odd byte waits for the next frame (ASR-037)."""

    def __init__(self) -> None:
        self._spare = b""

    def samples(self, frame: bytes) -> Pcm16:
        """The whole samples received so far and not yet given."""
        if self._spare:
            frame = self._spare + frame
        whole = len(frame) & ~1
        self._spare = frame[whole:]
        return np.frombuffer(frame, "<i2", whole // 2)

    def reset(self) -> None:
        """Forget a spare byte: a new utterance begins on a whole sample."""
        self._spare = b""


class AudioBuffer:
    """Grows at the end and forgets its past; positions count from the first sample ever appended."""

    def __init__(self) -> None:
        self._samples: Pcm16 = np.empty(16_384, np.int16)  # one second: most utterances grow it a few times
        self.start = 0
        """First position still kept."""
        self.end = 0
        """Position after the last sample."""

    def append(self, samples: Pcm16) -> None:
        """Add samples at the end."""
        held = self.end - self.start
        if held + len(samples) > len(self._samples):
            self._grow(held, held + len(samples))
        self._samples[held : held + len(samples)] = samples
        self.end += len(samples)

    def between(self, start: int, end: int) -> Pcm16:
        """A copy of the samples from position `start` to `end`, as far as they are kept."""
        start = max(start, self.start)
        return self._samples[start - self.start : max(start, end) - self.start].copy()

    def forget(self, before: int) -> None:
        """Let go of the samples before a position. Cheap to call often: it moves memory once a second."""
        before = min(before, self.end)
        if before - self.start >= 16_384:
            held = self.end - before
            self._samples[:held] = self._samples[before - self.start : self.end - self.start]
            self.start = before

    def _grow(self, held: int, needed: int) -> None:
        bigger = np.empty(max(needed, 2 * len(self._samples)), np.int16)
        bigger[:held] = self._samples[:held]
        self._samples = bigger


def as_float(samples: Pcm16) -> NDArray[np.float32]:
    """Float samples in [-1, 1]."""
    return samples.astype(np.float32) * np.float32(1 / FULL_SCALE)


def audible(samples: Pcm16) -> bool:
    """False for audio too quiet to hold speech."""
    return bool(len(samples)) and max(int(samples.max()), -int(samples.min())) >= AUDIBLE


def quietest(samples: Pcm16, width: int) -> int:
    """Middle of the quietest stretch of `width` samples: the least bad place to cut audio without a pause."""
    hop = max(1, width // 4)
    energy = np.add.reduceat(samples.astype(np.float64) ** 2, np.arange(0, len(samples), hop))
    stretch = np.convolve(energy, np.ones(4), "valid")
    return int(stretch.argmin()) * hop + width // 2
