"""The audio of one utterance: where speech is in it, and which stretches a final decodes."""

from __future__ import annotations

from dataclasses import dataclass

from serve_app.core.audio.endpointing import FRAME, PAD, Endpointer, longest_pause, span
from serve_app.core.audio.pcm import AudioBuffer, Pcm16, as_float, audible, quietest
from serve_app.engines import SAMPLE_RATE as SECOND
from serve_app.engines import VoiceActivityDetector

PIECE = 30 * SECOND
"""The longest final decode; recognisers lose words in longer audio, and a final must stay quick."""
PIECE_MIN = 10 * SECOND
"""A cut leaves at least this much before it, so that every piece has context."""
QUIET = SECOND // 5
"""Where no pause is known, a piece is cut at its quietest 200 ms: about one syllable."""
SHORTEST = SECOND // 20
"""50 ms hold no syllable, and some engines refuse audio shorter than their first frame."""

Stretch = tuple[int, int]
"""[start, end) in 16 kHz samples from the start of the utterance."""


@dataclass(frozen=True, slots=True)
class Decode:
    """A stretch of the utterance that a recogniser shall hear."""

    stretch: Stretch
    exact: bool
    """For the final and not for a partial."""


class UtteranceAudio:
    """Grows with the stream; silence before speech and what was decoded for good is forgotten."""

    def __init__(self, detector: VoiceActivityDetector | None) -> None:
        """Without a detector everything audible counts as speech."""
        self._detector = detector
        self._buffer = AudioBuffer()
        self._endpointer = Endpointer()
        self._piece_start = 0
        self.pieces: list[Stretch] = []
        """Closed stretches of at most PIECE samples, cut at silences."""
        self.onset: int | None = None if detector else 0
        """Where speech began."""

    @property
    def end(self) -> int:
        """Samples received."""
        return self._buffer.end

    @property
    def start(self) -> int:
        """First sample still kept."""
        return self._buffer.start

    @property
    def speaking(self) -> bool:
        """True while the detector hears speech."""
        return self._endpointer.speaking

    @property
    def silence(self) -> int:
        """Samples since speech was heard; 0 before any, and without a detector."""
        return self._endpointer.trailing_silence if self._endpointer.regions else 0

    def feed(self, samples: Pcm16) -> list[Stretch]:
        """Take samples. Gives every onset decided by them, as (end of the speech before it, onset)."""
        self._buffer.append(samples)
        onsets = self._judge(self._detector) if self._detector else []
        self._close_pieces()
        return onsets

    def between(self, start: int, end: int) -> Pcm16:
        """A copy of the samples of a stretch."""
        return self._buffer.between(start, end)

    def tail(self) -> Stretch | None:
        """The speech after the last closed piece; None when there is none."""
        return self._spoken(self._piece_start, self.end)

    def forget(self, before: int) -> None:
        """Let go of audio, but never of what a final still needs."""
        self._buffer.forget(min(before, self._piece_start, self._judged))

    @property
    def _judged(self) -> int:
        return self._endpointer.heard if self._detector else self.end

    def _judge(self, detector: VoiceActivityDetector) -> list[Stretch]:
        onsets, endpointer = [], self._endpointer
        while self.end - endpointer.heard >= FRAME:
            frame = self.between(endpointer.heard, endpointer.heard + FRAME)
            if endpointer.accept(detector.speech_probability(as_float(frame))):
                *earlier, region = endpointer.regions
                self.onset = region.start if self.onset is None else self.onset
                onsets.append((earlier[-1].end if earlier else 0, region.start))
        return onsets

    def _close_pieces(self) -> None:
        regions = self._endpointer.regions
        if self._detector and not (regions and regions[-1].end > self._piece_start):
            self._piece_start = max(self._piece_start, self._endpointer.heard - 2 * PAD)
        while self.end - self._piece_start >= PIECE:
            cut = self._cut()
            if spoken := self._spoken(self._piece_start, cut):
                self.pieces.append(spoken)
            self._piece_start = cut
            self._endpointer.forget(cut)

    def _cut(self) -> int:
        first, last = self._piece_start + PIECE_MIN, self._piece_start + PIECE
        pause = longest_pause(self._endpointer.regions, first, last)
        return pause or first + quietest(self.between(first, last), QUIET)

    def _spoken(self, start: int, end: int) -> Stretch | None:
        """The part of a stretch that is worth decoding."""
        stretch = span(self._endpointer.regions, start, end) if self._detector else (start, end)
        if stretch is None or stretch[1] - stretch[0] < SHORTEST:
            return None
        return stretch if self._detector or audible(self.between(*stretch)) else None
