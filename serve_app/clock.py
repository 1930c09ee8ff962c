"""Time as an argument, so that tests own it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Wall-clock and elapsed time."""

    def now(self) -> float:
        """Seconds since the Unix epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds that only ever grow, for durations."""
        ...

    def utc_date(self) -> str:
        """Today's UTC date, `YYYY-MM-DD` (QUO-006)."""
        ...


def utc_day(instant: float) -> str:
    """The UTC date of an instant in seconds of the epoch, `YYYY-MM-DD` (QUO-006)."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%d")


def iso(instant: float) -> str:
    """An instant in seconds of the epoch as callers read it: ISO 8601, UTC, to the millisecond."""
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class SystemClock:
    """The clock of this host."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def utc_date(self) -> str:
        return utc_day(self.now())
