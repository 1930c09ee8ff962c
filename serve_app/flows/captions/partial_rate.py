"""How often a stream asks for partials, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass

from serve_app.engines import SAMPLE_RATE

LOAD_MARGIN = 1.2
"""New audio per decode, in decode times: keeps each stream's share of the engine below 1 / 1.2."""
SMOOTHING = 0.3
"""Weight of the newest decode time: follows a change of load within about three decodes."""


@dataclass(slots=True)
class Statistics:
    """What a stream did, for logs and load tests."""

    partials: int = 0
    skipped_partials: int = 0
    """Partials that were due while a decode was in flight."""
    failed_partials: int = 0
    finals: int = 0
    decoded_s: float = 0.0
    """Audio handed to the recogniser; divided by the audio received it is the re-decode ratio."""


class PartialRate:
    """The chosen interval, or a longer one while the recogniser is slower than it."""

    def __init__(self, interval_ms: int) -> None:
        self._chosen = interval_ms * SAMPLE_RATE // 1000
        self._decode_ms: float | None = None
        self.interval = self._chosen
        """New audio that makes a partial due, in samples."""

    def measure(self, decode_ms: float) -> None:
        """Take the engine time of a partial into account."""
        older = decode_ms if self._decode_ms is None else self._decode_ms
        self._decode_ms = older + SMOOTHING * (decode_ms - older)
        self.interval = max(self._chosen, int(self._decode_ms * LOAD_MARGIN * SAMPLE_RATE / 1000))
