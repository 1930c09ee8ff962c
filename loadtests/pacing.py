"""Sending in real time. Every deadline counts from the start, so a late frame never delays the next one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator

Clock = Callable[[], int]
"""Monotonic nanoseconds."""
Sleep = Callable[[float], Awaitable[None]]


def deadlines(start_ns: int, frame_ms: int) -> Iterator[int]:
    """When each frame is due."""
    due_ns = start_ns
    while True:
        yield due_ns
        due_ns += frame_ms * 1_000_000


async def paced(
    frames: Iterable[bytes],
    frame_ms: int,
    *,
    clock: Clock = time.monotonic_ns,
    sleep: Sleep = asyncio.sleep,
) -> AsyncIterator[tuple[int, bytes]]:
    """Each frame at its deadline, with that deadline; frames that are late come at once."""
    for due_ns, frame in zip(deadlines(clock(), frame_ms), frames, strict=False):
        early_ns = due_ns - clock()
        if early_ns > 0:
            await sleep(early_ns / 1e9)
        yield due_ns, frame
