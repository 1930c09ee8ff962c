"""Callers' audio at 16 kHz (ASR-051)."""

from __future__ import annotations

import numpy as np
import soxr

from serve_app.core.audio.pcm import Pcm16
from serve_app.engines import SAMPLE_RATE

QUALITY = "LQ"
"""Delays a stream by 6-20 ms; the next better one by up to 41 ms. Its 16-bit cubic filter is far cleaner than
any telephone line that needs it."""


class Resampler:
    """Brings a stream of 16-bit samples to 16 kHz; at 16 kHz it passes them through untouched."""

    def __init__(self, rate: int) -> None:
        """`rate` in Hz."""
        self._stream = (
            None
            if rate == SAMPLE_RATE
            else soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="int16", quality=QUALITY)
        )

    def feed(self, samples: Pcm16) -> Pcm16:
        """The next samples at 16 kHz; a few milliseconds stay inside."""
        return samples if self._stream is None else self._run(samples, last=False)

    def finish(self) -> Pcm16:
        """What stayed inside; the next sample starts a new stream."""
        return np.empty(0, np.int16) if self._stream is None else self._run(np.empty(0, np.int16), last=True)

    def _run(self, samples: Pcm16, *, last: bool) -> Pcm16:
        assert self._stream is not None
        output: Pcm16 = self._stream.resample_chunk(samples, last=last)
        if last:
            self._stream.clear()
        return output
