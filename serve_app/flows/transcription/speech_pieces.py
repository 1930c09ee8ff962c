"""A recording cut at its silences into pieces that a recogniser can take (VP-001)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from threading import Lock
from typing import Generic, TypeVar

import numpy as np

from serve_app.core.audio.endpointing import FRAME
from serve_app.core.audio.pcm import AudioBuffer, Pcm16, as_float
from serve_app.core.audio.speech_runs import Run, SpeechRuns
from serve_app.engines import SAMPLE_RATE, VoiceActivityDetector

T = TypeVar("T")


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


async def iterate_in_thread(iterator: Iterator[T]) -> AsyncGenerator[T, None]:
    """The items of a blocking iterator, each made in a worker thread, one at a time.

    When the consumer stops, a generator is closed: at once, or as soon as the thread that still runs inside
    it comes out. Nobody waits for that thread; to end it sooner, close what it reads from.
    """
    steps = _Steps(iterator)
    try:
        while item := await asyncio.to_thread(steps.take):
            yield item[0]
    finally:
        steps.stop()


class _Steps(Generic[T]):
    """An iterator that one thread advances while another may stop it."""

    def __init__(self, iterator: Iterator[T]) -> None:
        self._iterator = iterator
        self._lock = Lock()
        self._stopped = False

    def take(self) -> list[T]:
        """The next item alone; nothing after the last one."""
        try:
            with self._lock:
                return list(islice(self._iterator, 1))
        finally:
            if self._stopped:
                self.stop()

    def stop(self) -> None:
        """Close the iterator, unless a thread is inside it: that one will."""
        self._stopped = True
        if self._lock.acquire(blocking=False):
            try:
                if isinstance(self._iterator, Generator):
                    self._iterator.close()
            finally:
                self._lock.release()
