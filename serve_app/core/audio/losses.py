"""What is missing of a recording, as its timestamps and the errors of its decoder tell (VP-006)."""

from __future__ import annotations

from dataclasses import dataclass

SHORTEST_GAP_S = 0.1
"""Between two frames without an error: timestamps of recorders jitter by some milliseconds, and the pages and
clusters that get lost hold a second."""
ROUNDING_S = 0.005
"""Where a frame could not be decoded, less than this is the rounding of timestamps: those of a WebM are whole
milliseconds."""
LONGEST_GAP_S = 60.0
"""A longer one is a clock that was set, or a timestamp that is damaged itself."""
MISSING_END_S = 1.0
"""Of the announced length. Less is an announcement that somebody rounded."""


@dataclass(frozen=True, slots=True)
class Damage:
    """What could not be decoded."""

    at: float
    """Seconds from the start, where it begins."""
    seconds: float
    """How much is lost, as far as anybody can know. Silence stands in its place; the end is only missing."""


class Losses:
    """Follows the frames of one stream."""

    def __init__(self) -> None:
        self.errors = 0
        """Packets that could not be decoded."""
        self._failed = False
        self._next: float | None = None
        self._heard = 0.0
        self._at: float | None = None
        self._seconds = 0.0

    @property
    def damage(self) -> Damage | None:
        """None where nothing is missing."""
        return None if self._at is None else Damage(round(self._at, 3), round(self._seconds, 3))

    def fail(self, time: float | None) -> None:
        """A packet, of that timestamp in seconds if it has one, cannot be decoded."""
        self.errors += 1
        self._failed = True
        self._next = time if self._next is None else self._next

    def before(self, time: float | None, seconds: float) -> float:
        """Seconds of silence that belong before a frame of that timestamp and length."""
        gap = 0.0 if time is None or self._next is None else time - self._next
        lost = gap if (ROUNDING_S if self._failed else SHORTEST_GAP_S) < gap <= LONGEST_GAP_S else 0.0
        if lost or self._failed:
            self._lose(lost)
        if time is not None:
            self._next = time
        self._failed = False
        self._next = None if self._next is None else self._next + seconds
        self._heard += lost + seconds
        return lost

    def end(self, announced: float | None) -> None:
        """No frame comes after this, of as many seconds as the head of the recording announced. Without that
        nobody knows whether what failed last was audio: an mp3 often has a tag there."""
        least = ROUNDING_S if self._failed else MISSING_END_S
        if announced is not None and announced - self._heard > least:
            self._lose(announced - self._heard)

    def _lose(self, seconds: float) -> None:
        self._at = self._heard if self._at is None else self._at
        self._seconds += seconds
