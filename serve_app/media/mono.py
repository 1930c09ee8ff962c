"""Decoded frames of any format as 16-bit mono at one rate (VP-001, VP-007)."""

from __future__ import annotations

from collections.abc import Iterator

import av
import numpy as np

from serve_app.core.audio.downmix import Channels, Downmix, Mono
from serve_app.core.audio.pcm import Pcm16
from serve_app.errors import InvalidAudio

RATES = range(4_000, 384_001)
"""Hz. Below, one small frame would be minutes of audio; above is no recorder."""
CHANNELS = range(1, 65)
"""What recorders of many microphones and ambisonics of the seventh order have."""


def check_channels(count: int) -> None:
    """Raises InvalidAudio; ffmpeg says 0 for more than it knows itself."""
    if count not in CHANNELS:
        raise InvalidAudio(f"The recording has too many channels; {CHANNELS[-1]} are the most.")


class MonoStream:
    """Frames to samples; their format may change on the way, as in chained streams."""

    def __init__(self, rate: int) -> None:
        """`rate` in Hz, of what comes out."""
        self._rate = rate
        self._source: tuple[str, str, int] | None = None
        self._resampler: av.AudioResampler | None = None
        self._mixer: _Mixer | None = None

    def feed(self, frame: av.AudioFrame) -> Iterator[Pcm16]:
        """Samples so far. Raises InvalidAudio for an absurd rate or number of channels."""
        channels = frame.layout.nb_channels
        source = (frame.format.name, frame.layout.name, frame.sample_rate)
        if source != self._source:
            yield from self.finish()
            check_channels(channels)
            if frame.sample_rate not in RATES:
                raise InvalidAudio(f"Audio at {frame.sample_rate} Hz cannot be read.")
            self._source = source
            self._resampler = av.AudioResampler("s16", "mono", self._rate)
            self._mixer = _Mixer(frame) if channels > 1 else None
        for mono in self._mixer.feed(frame) if self._mixer else [frame]:
            yield from self._resampled(mono)

    def finish(self) -> Iterator[Pcm16]:
        """What is still inside; the next frame starts a new stream."""
        for mono in self._mixer.finish() if self._mixer else []:
            yield from self._resampled(mono)
        if self._source:
            yield from self._resampled(None)
        self._source = self._resampler = self._mixer = None

    def _resampled(self, frame: av.AudioFrame | None) -> Iterator[Pcm16]:
        for resampled in self._resampler.resample(frame) if self._resampler else []:
            if resampled is not None:  # audio that needs no resampling is passed through, its end too
                yield resampled.to_ndarray()[0]


class _Mixer:
    """Frames of several channels to frames of one.

    ffmpeg's own mix takes an unnamed fourth of six for a subwoofer, which it drops, and knows no way from
    nine to one. Here it only interleaves the samples: PyAV 18 reads beyond the planes of a frame that has
    more than eight.
    """

    def __init__(self, frame: av.AudioFrame) -> None:
        """For frames like this one."""
        self._rate = frame.sample_rate
        self._channels = frame.layout.nb_channels
        self._packed = av.AudioResampler("flt", frame.layout, frame.sample_rate)
        self._downmix = Downmix(self._channels, frame.sample_rate)

    def feed(self, frame: av.AudioFrame | None) -> Iterator[av.AudioFrame]:
        for packed in self._packed.resample(frame):
            if packed is not None:
                for mixed in self._downmix.feed(self._side_by_side(packed)):
                    yield self._framed(mixed)

    def finish(self) -> Iterator[av.AudioFrame]:
        yield from self.feed(None)
        for mixed in self._downmix.finish():
            yield self._framed(mixed)

    def _side_by_side(self, packed: av.AudioFrame) -> Channels:
        samples = packed.to_ndarray().reshape(-1, self._channels).T
        sound: Channels = np.clip(np.nan_to_num(samples), -1, 1)
        return sound

    def _framed(self, mixed: Mono) -> av.AudioFrame:
        frame = av.AudioFrame.from_ndarray(mixed.reshape(1, -1), "flt", "mono")
        frame.sample_rate = self._rate
        return frame
