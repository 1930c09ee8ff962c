"""A clock that only moves when told to."""

from __future__ import annotations

from datetime import UTC, datetime


class ManualClock:
    """Starts at `time` seconds of the epoch."""

    def __init__(self, time: float) -> None:
        self.time = time

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def utc_date(self) -> str:
        return datetime.fromtimestamp(self.time, UTC).strftime("%Y-%m-%d")

    def advance(self, seconds: float) -> None:
        self.time += seconds
