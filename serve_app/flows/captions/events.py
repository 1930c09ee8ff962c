"""What a live transcript tells: small frozen events, which a surface turns into messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from serve_app.core.text.thai import Segment, caption_line, segments, timed
from serve_app.engines import Word


@dataclass(frozen=True, slots=True)
class Timing:
    """Whole milliseconds that add up: latency = queue + decode (ASR-048)."""

    queue_ms: int
    decode_ms: int

    @property
    def latency_ms(self) -> int:
        return self.queue_ms + self.decode_ms

    @classmethod
    def of(cls, elapsed_s: float, decode_ms: float) -> Timing:
        """Split an elapsed time; decoding that was done ahead of it does not count."""
        elapsed = max(0, round(elapsed_s * 1000))
        decode = min(round(decode_ms), elapsed)
        return cls(elapsed - decode, decode)


@dataclass(frozen=True, slots=True)
class SpeechStart:
    """Voice began (ASR-042)."""

    offset_ms: int
    """From the start of the utterance, backdated to the onset."""
    latency_ms: int
    """From the arrival of the frame that decided it."""


@dataclass(frozen=True, slots=True)
class Caption:
    """The utterance so far, as text, as timed lines and as timed words."""

    text: str
    segments: list[Segment]
    words: list[Word]
    audio_ms: int
    timing: Timing
    """Latency counts from the arrival of the newest audio in it; of a final, from the call for it."""


@dataclass(frozen=True, slots=True)
class Partial(Caption):
    """Committed words and the tail that may change (ASR-043)."""


@dataclass(frozen=True, slots=True)
class StabilizedPartial(Caption):
    """Committed words only; never shrinks or changes within an utterance (ASR-044)."""


@dataclass(frozen=True, slots=True)
class Final(Caption):
    """The authoritative text, once per utterance (ASR-045)."""

    processing_ms: int
    """Engine time spent on this text, whenever it was spent."""
    reason: EndReason


@dataclass(frozen=True, slots=True)
class ResetDone:
    """The utterance was forgotten (ASR-047)."""


EndReason = Literal["end", "endpoint", "utterance_limit"]
"""Who ended the utterance: the caller, its silence, or its length."""
Event = SpeechStart | Partial | StabilizedPartial | Final | ResetDone


def written(words: Sequence[Word], audio_ms: int) -> tuple[str, list[Segment], list[Word]]:
    """Words as text, as lines and as words timed within the audio received."""
    return caption_line(words), segments(words, audio_ms / 1000), timed(words, audio_ms / 1000)


class Captions:
    """Tells what changed since the last hypothesis of an utterance."""

    def __init__(self) -> None:
        self._text = ""
        self._committed = 0

    def news(
        self, committed: list[Word], tail: list[Word], audio_ms: int, timing: Timing, *, even_if_old: bool
    ) -> list[Event]:
        """A partial when its text is new, and a stabilized one when the prefix grew.

        An empty partial is told only on request: it would make the line on the screen flicker.
        """
        text, lines, words = written(committed + tail, audio_ms)
        events: list[Event] = []
        if even_if_old or text not in ("", self._text):
            events.append(Partial(text, lines, words, audio_ms, timing))
            self._text = text
        if len(committed) > self._committed:
            self._committed = len(committed)
            events.append(StabilizedPartial(*written(committed, audio_ms), audio_ms, timing))
        return events
