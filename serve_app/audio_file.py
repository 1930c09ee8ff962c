"""Recordings that callers send: whitelisted containers, decoded to mono in bounded memory (VP-001)."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import BinaryIO

import av
import numpy as np

from serve_app.containers import DEMUXERS, open_recording
from serve_app.core.pcm import Pcm16
from serve_app.engines import SAMPLE_RATE
from serve_app.errors import AudioTooLong, InvalidAudio, InvalidRequest

FORMATS = frozenset(DEMUXERS)
"""Names shown in errors."""
RATES = range(4_000, 384_001)
"""Hz. Below, one small frame would be minutes of audio; above is no recorder."""


class AudioFile:
    """A recording in one of the whitelisted containers.

    Blocks the thread it is used in. `close` may come from another thread while `blocks` runs.
    """

    def __init__(self, file: BinaryIO, *, max_seconds: float, rate: int = SAMPLE_RATE) -> None:
        """Reads the head of a seekable file, to be decoded at `rate` Hz. Raises InvalidAudio when it holds no
        audio in a known format."""
        self._max_seconds = max_seconds
        self._rate = rate
        self._lock = Lock()
        self._closed = False
        self._container, self._stream = open_recording(file)
        announced = self._container.duration or 0
        self.duration = announced / av.time_base if announced > 0 else None
        """Seconds as the container announces, or as its bit rate lets guess; None when it does not say."""

    def blocks(self) -> Iterator[Pcm16]:
        """Mono, about a second each; channels are mixed, video is skipped. To be called once.

        Raises InvalidAudio where the recording is broken and AudioTooLong past `max_seconds`, both after all
        that came before; ValueError once closed.
        """
        waiting: list[Pcm16] = []
        refused = None
        try:
            for samples in self._samples():
                waiting.append(samples)
                if sum(map(len, waiting)) >= self._rate:
                    yield np.concatenate(waiting)
                    waiting.clear()
        except InvalidRequest as refusal:
            refused = refusal
        if waiting:
            yield np.concatenate(waiting)
        if refused:
            raise refused

    def close(self) -> None:
        """Release the decoder, once the step is done that it is in. The file itself stays open."""
        with self._lock:
            self._closed = True
            self._container.close()

    def _samples(self) -> Iterator[Pcm16]:
        left = round(self._max_seconds * self._rate)
        downmix = _Downmix(self._rate)
        try:
            for frame in self._frames():
                for samples in downmix.feed(frame):
                    yield samples[:left]
                    left -= len(samples)
                    if left < 0:
                        raise AudioTooLong(f"The recording is longer than {self._max_seconds:g} s.")
        except av.FFmpegError as broken:
            heard = self._max_seconds - left / self._rate
            raise InvalidAudio(f"The recording is broken after {heard:.1f} s.") from broken
        if left == round(self._max_seconds * self._rate):
            raise InvalidAudio("The recording holds no audio.")

    def _frames(self) -> Iterator[av.AudioFrame | None]:
        """Decoded frames, then None."""
        packets = self._container.demux(self._stream)
        more = True
        while more:
            with self._lock:  # never across a yield, so that `close` waits for one packet only
                if self._closed:
                    raise ValueError("the recording is closed")
                packet = next(packets, None)
                frames = [] if packet is None else packet.decode()  # an empty packet flushes the decoder
            more = packet is not None
            yield from frames
        yield None


class _Downmix:
    """Any frames to mono; the format may change on the way, as in chained streams."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._source: tuple[str, str, int] | None = None
        self._resampler: av.AudioResampler | None = None

    def feed(self, frame: av.AudioFrame | None) -> Iterator[Pcm16]:
        """Samples so far; None gives the last ones. Raises InvalidAudio for an absurd rate."""
        source = (frame.format.name, frame.layout.name, frame.sample_rate) if frame is not None else None
        if source != self._source:
            yield from self._run(None)
            self._source, self._resampler = source, av.AudioResampler("s16", "mono", self._rate)
        if frame is not None:
            if frame.sample_rate not in RATES:
                raise InvalidAudio(f"Audio at {frame.sample_rate} Hz cannot be read.")
            yield from self._run(frame)

    def _run(self, frame: av.AudioFrame | None) -> Iterator[Pcm16]:
        for resampled in self._resampler.resample(frame) if self._resampler else []:
            if resampled is not None:  # audio that needs no resampling is passed through, its end too
                yield resampled.to_ndarray()[0]
