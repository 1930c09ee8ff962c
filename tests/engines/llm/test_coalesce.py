"""Items of a generator in groups."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from deployments.llm.coalesce import joined


class Source:
    """Gives numbers when it is told to, and says whether it was ended."""

    def __init__(self, *, hides_cancellation: bool = False) -> None:
        self.wanted: asyncio.Queue[int | None] = asyncio.Queue()
        self.ended = False
        self._hides = hides_cancellation

    def give(self, *numbers: int | None) -> None:
        for number in numbers:
            self.wanted.put_nowait(number)

    async def numbers(self) -> AsyncGenerator[int, None]:
        try:
            while (number := await self.wanted.get()) is not None:
                yield number
        except asyncio.CancelledError:
            if not self._hides:
                raise
        finally:
            self.ended = True


async def test_what_is_ready_comes_together() -> None:
    """LLM-006: one that is alone comes at once, and all that came in the meantime in one group."""
    source = Source()
    groups = joined(source.numbers())
    source.give(1)
    assert await anext(groups) == [1]
    source.give(2, 3, 4)
    assert await anext(groups) == [2, 3, 4]
    source.give(5, None)
    assert [group async for group in groups] == [[5]]
    assert source.ended


@pytest.mark.parametrize("hides_cancellation", [False, True])
async def test_a_reader_that_leaves_ends_the_source(hides_cancellation: bool) -> None:
    """LLM-010: in the middle of a wait; and the reader is cancelled, whatever the source makes of it."""
    source = Source(hides_cancellation=hides_cancellation)
    groups = joined(source.numbers())
    reader = asyncio.ensure_future(anext(groups))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert source.ended


async def test_closing_between_two_groups_ends_the_source() -> None:
    """LLM-010: also with an item on its way."""
    source = Source()
    groups = joined(source.numbers())
    source.give(1)
    await anext(groups)
    source.give(2)
    await groups.aclose()
    assert source.ended


async def test_what_came_before_a_failure_is_not_lost() -> None:
    """LLM-006: the items first, then the error."""

    async def failing() -> AsyncGenerator[int, None]:
        yield 1
        raise ValueError("broken")

    groups = joined(failing())
    assert await anext(groups) == [1]
    with pytest.raises(ValueError, match="broken"):
        await anext(groups)
