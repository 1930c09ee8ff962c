"""Resident memory of a process over time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import psutil

LOOK_S = 0.01
"""Pause between two looks: what is measured lasts a hundred times as long."""


@dataclass(slots=True)
class Memory:
    """In MiB, looked at again and again."""

    process: psutil.Process
    base: float = field(init=False)
    peak: float = field(init=False)

    def __post_init__(self) -> None:
        self.base = self.peak = self.now()

    def now(self) -> float:
        """At this moment."""
        return float(self.process.memory_info().rss) / 2**20

    async def watch(self) -> None:
        """Keep the peak, until cancelled."""
        while True:
            self.peak = max(self.peak, self.now())
            await asyncio.sleep(LOOK_S)
