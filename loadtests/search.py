"""The largest load that still holds a target."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

RESOLUTION = 1 / 16
"""The answer is exact to about 6 %: closer than two runs on a busy machine agree."""


async def largest(holds: Callable[[int], Awaitable[bool]], *, first: int = 1, limit: int = 4096) -> int:
    """Double until `holds` fails, then bisect; 0 when not even `first` holds."""
    good, bad = 0, first
    while bad <= limit and await holds(bad):
        good, bad = bad, bad * 2
    bad = min(bad, limit + 1)
    while good and bad - good > max(1, good * RESOLUTION):
        middle = (good + bad) // 2
        good, bad = (middle, bad) if await holds(middle) else (good, middle)
    return good
