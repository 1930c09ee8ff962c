"""Real time without waiting for it: frames leave against absolute deadlines (ASR-012)."""

from __future__ import annotations

from loadtests.pacing import paced

MS = 1_000_000


class Hands:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = 1_000 * MS

    def __call__(self) -> int:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += round(seconds * 1e9)


async def test_a_late_frame_does_not_delay_the_next_ones() -> None:
    """ASR-012: 20 ms frames leave at 0, 20, 40 ... whatever happened before."""
    clock, left = Hands(), []
    async for due, frame in paced([b"a", b"b", b"c", b"d"], 20, clock=clock, sleep=clock.sleep):
        left.append(((clock.now - 1_000 * MS) // MS, (due - 1_000 * MS) // MS, frame))
        if frame == b"a":
            clock.now += 50 * MS
    assert left == [(0, 0, b"a"), (50, 20, b"b"), (50, 40, b"c"), (60, 60, b"d")]
