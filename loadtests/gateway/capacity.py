"""What a frame costs a server, and how many streams it keeps up with."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import psutil

from loadtests.gateway.frames import flood, open_lane
from loadtests.metrics import Distribution
from loadtests.processes import CpuMeter
from loadtests.search import largest

FLOOD_S = 6.0
"""Longer than one round of probes (4 s)."""
WAIT_MS = 20.0
"""One frame: a server that answers later than this is falling behind."""
FIRST = 32

OpenUrl = Callable[[], Awaitable[str]]
"""Gives the WebSocket address of a new stream."""


@dataclass(frozen=True, slots=True)
class Flooded:
    """N streams of frames against one server."""

    streams: int
    frames: int
    cpu_us_per_frame: float
    wait_p95_ms: float
    """How long a `reset` behind the frames waits for `reset_ok`; infinite when a socket was lost."""
    generator_cores: float

    @property
    def held(self) -> bool:
        """The server keeps up."""
        return self.wait_p95_ms <= WAIT_MS


async def flooded(open_url: OpenUrl, server: psutil.Process, streams: int) -> Flooded:
    """Frames on `streams` sockets for a while. Raises OSError when the server refuses one."""
    lanes = [await open_lane(await open_url()) for _ in range(streams)]
    cpu, generator = CpuMeter(server), CpuMeter(psutil.Process())
    frames = await flood(lanes, FLOOD_S)
    used_us, cores = cpu.seconds() * 1e6, generator.cores()
    waits = tuple(wait for lane in lanes for wait in lane.round_trips_ms)
    lost = any(lane.lost for lane in lanes)
    for lane in lanes:
        lane.close()
    p95 = math.inf if lost or not waits else Distribution("wait_ms", waits).percentile(95)
    return Flooded(streams, frames, used_us / frames, p95, cores)


async def capacity(measure: Callable[[int], Awaitable[Flooded]]) -> int:
    """The largest number of streams that the server keeps up with."""

    async def holds(streams: int) -> bool:
        return (await measure(streams)).held

    return await largest(holds, first=FIRST)
