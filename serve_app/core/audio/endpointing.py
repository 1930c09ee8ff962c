"""Endpointing: speech regions from voice probabilities, counted in samples and never read from a clock."""

from __future__ import annotations

from dataclasses import dataclass, field

from serve_app.engines import SAMPLE_RATE

FRAME = 512
"""Samples per probability: 32 ms, the frame of the detector."""
ENTER = 0.5
"""A frame this likely starts speech: the detector's own operating point. Measured on synthetic speech: voiced
frames 0.73-0.87, silence, hum and white noise below 0.05."""
STAY = 0.35
"""Speech goes on above this: weak consonants dip below ENTER inside words (hysteresis; Silero's margin)."""
MIN_SPEECH_FRAMES = 2
"""64 ms above ENTER start speech: a click is over within one frame, the shortest Thai syllable is not."""
MIN_SILENCE = 3 * FRAME
"""96 ms below STAY end speech: a plosive's closure is silent for up to about that long."""


@dataclass(slots=True)
class Region:
    """One stretch of speech, in samples."""

    start: int
    end: int


@dataclass(slots=True)
class Endpointer:
    """Follows one utterance, frame by frame."""

    heard: int = 0
    """Samples judged so far."""
    speaking: bool = False
    regions: list[Region] = field(default_factory=list)
    """Speech so far, oldest first; the last one grows while `speaking`."""
    _rising: int | None = None
    """Start of the frames above STAY that may turn out to be speech."""
    _likely: int = 0
    """Frames above ENTER since `_rising`."""

    def accept(self, probability: float) -> bool:
        """Judge the next frame. True when this frame decides that speech (re)starts."""
        start, self.heard = self.heard, self.heard + FRAME
        if self.speaking:
            self._continue(probability)
            return False
        return self._rise(start, probability)

    @property
    def trailing_silence(self) -> int:
        """Samples since the last speech; everything heard when there was none."""
        return self.heard - (self.regions[-1].end if self.regions else 0)

    def forget(self, before: int) -> None:
        """Let go of the speech that ended by a position; the last region tells how long the silence is."""
        self.regions = [region for region in self.regions[:-1] if region.end > before] + self.regions[-1:]

    def _continue(self, probability: float) -> None:
        if probability >= STAY:
            self.regions[-1].end = self.heard
        elif self.trailing_silence >= MIN_SILENCE:
            self.speaking = False

    def _rise(self, start: int, probability: float) -> bool:
        """Backdates the onset to the first frame that was not silent."""
        if probability < STAY:
            self._rising, self._likely = None, 0
            return False
        self._rising = start if self._rising is None else self._rising
        self._likely += probability >= ENTER
        if self._likely < MIN_SPEECH_FRAMES:
            return False
        self.regions.append(Region(self._rising, self.heard))
        self.speaking, self._rising, self._likely = True, None, 0
        return True


PAD = 300 * SAMPLE_RATE // 1000
"""Audio kept on both sides of speech: the detector notices an onset up to 283 ms late (measured, p95)."""


def span(regions: list[Region], start: int, end: int) -> tuple[int, int] | None:
    """The part of [start, end) that holds speech, with PAD around it; None when there is none."""
    inside = [region for region in regions if region.start < end and region.end > start]
    if not inside:
        return None
    return max(start, inside[0].start - PAD), min(end, inside[-1].end + PAD)


def longest_pause(regions: list[Region], start: int, end: int) -> int | None:
    """Middle of the longest silence between regions in [start, end); the silence at the end counts too."""
    ends = [max(region.end, start) for region in regions if region.end < end]
    starts = [region.start for region in regions if region.start > start and region.start <= end]
    pauses = []
    for silent_from in ends:
        until = min((begin for begin in starts if begin >= silent_from), default=end)
        pauses.append((until - silent_from, (silent_from + until) // 2))
    length, middle = max(pauses, default=(0, 0))
    return middle if length >= MIN_SILENCE else None
