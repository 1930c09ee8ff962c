"""A recording cut at its silences into pieces that a recogniser can take (VP-001)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from serve_app.core.audio.endpointing import FRAME
from serve_app.core.audio.pcm import AudioBuffer, Pcm16, as_float
from serve_app.core.audio.speech_runs import Run, SpeechRuns
from serve_app.engines import SAMPLE_RATE, VoiceActivityDetector


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a recording that holds speech."""

    start: float
    """Seconds from the start of the recording."""
    audio: Pcm16
    """16 kHz mono, at most 30 s."""
    speech_probability: float
    """Mean of the detector over the piece's voiced frames, 0..1."""


class SpeechPieces:
    """Cuts a recording at its silences; silence itself is in no piece (VP-001)."""

    def __init__(self, blocks: Iterable[Pcm16], detector: VoiceActivityDetector) -> None:
        """`blocks` are 16 kHz mono. The detector is this recording's alone until the last piece."""
        self._blocks = blocks
        self._detector = detector
        self._buffer = AudioBuffer()
        self._runs = SpeechRuns()

    @property
    def seconds(self) -> float:
        """Audio read so far; after the last piece: the duration of the recording."""
        return self._buffer.end / SAMPLE_RATE

    def __iter__(self) -> Iterator[Piece]:
        """Pieces in order, each as soon as it is complete; to be iterated once.

        Memory holds one open piece, whatever the length of the recording. Raises what `blocks` raises; the
        piece that was open then is lost.
        """
        self._detector.reset()
        for block in self._blocks:
            self._buffer.append(block)
            yield from self._judge(self._buffer.end - FRAME)
            self._buffer.forget(self._runs.keep)
        yield from self._judge(self._buffer.end - 1)  # the last frame is filled up with silence
        yield from self._cut(self._runs.finish())

    def _judge(self, last: int) -> Iterator[Piece]:
        """Every frame that begins at `last` or before."""
        while (start := self._runs.heard) <= last:
            frame = np.zeros(FRAME, np.int16)
            samples = self._buffer.between(start, min(start + FRAME, self._buffer.end))
            frame[: len(samples)] = samples
            yield from self._cut(self._runs.accept(self._detector.speech_probability(as_float(frame))))

    def _cut(self, run: Run | None) -> Iterator[Piece]:
        if run:
            audio = self._buffer.between(run.start, min(run.end, self._buffer.end))
            yield Piece(run.start / SAMPLE_RATE, audio, run.probability)
