"""Which stretches of a long recording a recogniser shall hear, from voice probabilities (VP-001).

Voice-activity cut and merge, after WhisperX (Bain et al., 2023): neighbouring speech is merged up to the
window of the recogniser, longer speech is cut where it is least likely speech.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

import numpy as np

from serve_app.core.audio.endpointing import FRAME, PAD, STAY, Endpointer
from serve_app.engines import SAMPLE_RATE as SECOND

LONGEST = 30 * SECOND
"""Whisper's window; others lose words in longer audio."""
PAUSE = 2 * SECOND
"""A longer silence ends a run, so that segments begin where speech begins."""
LEAD_IN = SECOND
"""Weak frames before an onset belong to the speech: a breath, a consonant; not minutes of murmur."""
DIP = 5
"""Frames, 160 ms, about one syllable: a cut goes through the middle of the least speech-like ones."""


@dataclass(frozen=True, slots=True)
class Run:
    """[start, end) in 16 kHz samples, at most LONGEST."""

    start: int
    end: int
    probability: float
    """Mean over the frames that are voiced."""


class SpeechRuns:
    """Follows a recording, frame by frame; runs are in order, never overlap and hold all speech."""

    def __init__(self) -> None:
        self._endpointer = Endpointer()
        self._floor = 0
        """End of the last run."""
        self._start: int | None = None
        """Of the open run, padding included."""
        self._pause: tuple[int, int] | None = None
        """The last silence inside the open run."""
        self._first = 0
        """Frames before this one are forgotten."""
        self._probabilities: list[float] = []

    @property
    def heard(self) -> int:
        """Samples judged so far."""
        return self._endpointer.heard

    @property
    def keep(self) -> int:
        """First sample that a later run may hold."""
        return max(self._floor, self.heard - LEAD_IN - PAD) if self._start is None else self._start

    def accept(self, probability: float) -> Run | None:
        """Judge the next frame. Gives the run that it closes."""
        spoken_until = self._spoken_until
        self._probabilities.append(probability)
        if self._endpointer.accept(probability):
            self._begin(spoken_until)
        if self._start is None:
            self._forget()
            return None
        if self._spoken_until + PAD > self._start + LONGEST:
            return self._split(self._start)
        return self.finish() if self._endpointer.trailing_silence >= PAUSE else None

    def finish(self) -> Run | None:
        """The open run. At the end of a recording its padding may reach past the audio."""
        return None if self._start is None else self._close(self._start, self._spoken_until + PAD, None)

    @property
    def _spoken_until(self) -> int:
        regions = self._endpointer.regions
        return regions[-1].end if regions else 0

    def _begin(self, spoken_until: int) -> None:
        self._endpointer.forget(self.heard)
        onset = max(self._endpointer.regions[-1].start, self.heard - LEAD_IN, self._floor)
        if self._start is None:
            self._start = max(self._floor, onset - PAD)
        else:
            self._pause = spoken_until, onset

    def _split(self, start: int) -> Run:
        """At the last silence of the open run; without one inside the speech itself."""
        if self._pause is None:
            cut = self._dip(start)
            return self._close(start, cut, cut)
        silent_from, until = self._pause
        middle = (silent_from + until) // 2
        return self._close(start, min(silent_from + PAD, middle), max(until - PAD, middle))

    def _dip(self, start: int) -> int:
        """In the second half, so that both pieces have context."""
        first = -(-(start + LONGEST // 2) // FRAME)
        likely = np.convolve(self._probabilities[first - self._first :], np.ones(DIP), "valid")
        return (first + int(likely.argmin()) + DIP // 2) * FRAME + FRAME // 2

    def _close(self, start: int, end: int, then: int | None) -> Run:
        frames = self._probabilities[start // FRAME - self._first : -(-end // FRAME) - self._first]
        run = Run(start, end, fmean(p for p in frames if p >= STAY))
        self._floor, self._start, self._pause = end, then, None
        self._forget()
        return run

    def _forget(self) -> None:
        first = self.keep // FRAME
        del self._probabilities[: first - self._first]
        self._first = first
