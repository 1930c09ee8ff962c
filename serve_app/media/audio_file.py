"""Recordings that callers send: whitelisted containers, decoded to mono in bounded memory (VP-001)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from threading import Lock
from typing import BinaryIO

import av
import numpy as np

from serve_app.core.audio.losses import Damage, Losses
from serve_app.core.audio.pcm import Pcm16
from serve_app.engines import SAMPLE_RATE
from serve_app.errors import AudioTooLong, InvalidAudio, InvalidRequest
from serve_app.media.audio_containers import announced, open_recording
from serve_app.media.mono import MonoStream

log = logging.getLogger(__name__)

MOST_ERRORS = 20_000
"""Packets that cannot be decoded, seven minutes of AAC, before the rest is left alone: they take four
seconds."""


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
        self._losses = Losses()
        self._container, self._stream = open_recording(file)
        duration = self._container.duration or 0
        self.duration = duration / av.time_base if duration > 0 else None
        """Seconds as the container announces, or as its bit rate lets guess; None when it does not say."""

    @property
    def damage(self) -> Damage | None:
        """What could not be decoded, known after the last block; None when that is nothing (VP-006)."""
        return self._losses.damage

    def blocks(self) -> Iterator[Pcm16]:
        """Mono, about a second each; channels are mixed, video is skipped, and what cannot be decoded is as
        much silence where timestamps tell how much it was. To be called once.

        Raises InvalidAudio where nothing at all can be decoded or the rate is absurd, and AudioTooLong past
        `max_seconds`, both after all that came before; ValueError once closed.
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
        most = left = round(self._max_seconds * self._rate)
        try:
            for samples in self._decoded():
                yield samples[:left]
                left -= len(samples)
                if left < 0:
                    raise AudioTooLong(f"The recording is longer than {self._max_seconds:g} s.")
        except av.FFmpegError as unknown:  # by the conversion to mono
            raise InvalidAudio("The recording has channels that cannot be read.") from unknown
        if left == most:
            why = "that can be decoded" if self._losses.errors else "at all"
            raise InvalidAudio(f"The recording holds no audio {why}.")
        self._losses.end(announced(self._container, self._stream))
        if self.damage:
            log.info("a recording is damaged at %.3f s: %.3f s are lost", self.damage.at, self.damage.seconds)

    def _decoded(self) -> Iterator[Pcm16]:
        """All samples, silence where some are lost."""
        mono = MonoStream(self._rate)
        for frame in self._frames():
            lost = self._losses.before(frame.time, frame.samples / max(1, frame.sample_rate))
            if lost:
                yield from mono.finish()
                yield np.zeros(round(lost * self._rate), np.int16)
            yield from mono.feed(frame)
        yield from mono.finish()

    def _frames(self) -> Iterator[av.AudioFrame]:
        packets = self._container.demux(self._stream)
        while self._losses.errors < MOST_ERRORS:
            packet = None
            with self._lock:  # never across a yield, so that `close` waits for one packet only
                if self._closed:
                    raise ValueError("the recording is closed")
                try:
                    packet = next(packets, None)
                    frames = [] if packet is None else packet.decode()  # an empty packet flushes the decoder
                except av.FFmpegError:
                    self._losses.fail(_time(packet))
                    packets = self._container.demux(self._stream)  # a generator that raised has ended
                    continue
            if packet is None:
                return
            yield from frames


def _time(packet: av.Packet[av.AudioStream] | None) -> float | None:
    """Seconds."""
    return None if packet is None or packet.pts is None else float(packet.pts * packet.time_base)
