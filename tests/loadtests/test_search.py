"""The largest load that holds (ASR-020)."""

from __future__ import annotations

import pytest

from loadtests.search import RESOLUTION, largest


@pytest.mark.parametrize("capacity", [0, 1, 2, 3, 5, 8, 33, 100, 777])
async def test_the_answer_holds_and_is_close_to_the_limit(capacity: int) -> None:
    """ASR-020: never more than what holds, at most one step of the resolution below it."""
    tried = []

    async def holds(load: int) -> bool:
        tried.append(load)
        return load <= capacity

    found = await largest(holds)
    assert capacity - max(1, capacity * RESOLUTION) < found <= capacity or found == capacity
    assert len(tried) == len(set(tried))


async def test_the_search_ends_where_it_is_told() -> None:
    """ASR-020: a server faster than the generator does not make it run for ever."""

    async def holds(load: int) -> bool:
        return load <= 10_000

    assert await largest(holds, limit=64) == 64
