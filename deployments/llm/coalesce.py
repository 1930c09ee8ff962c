"""What a generation gives faster than it is taken is handed over together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TypeVar

Item = TypeVar("Item")


async def joined(items: AsyncGenerator[Item, None]) -> AsyncGenerator[list[Item], None]:
    """The items of a generator in groups: those that are ready at the same moment; one alone comes at once.

    Closing it, also in the middle of a wait, cancels the generator and waits until that has ended.
    """
    upcoming = asyncio.ensure_future(anext(items))
    try:
        while True:
            # Not awaited itself: a generator that hides its cancellation would hide the reader's as well.
            await asyncio.wait({upcoming})
            group: list[Item] = []
            while upcoming.done() and not (group and upcoming.exception()):
                group.append(upcoming.result())
                upcoming = asyncio.ensure_future(anext(items))
                await asyncio.sleep(0)
            yield group
    except StopAsyncIteration:
        return
    finally:
        upcoming.cancel()
        await asyncio.wait({upcoming})
        if not upcoming.cancelled():
            upcoming.exception()  # nobody is left to hear it
        await items.aclose()
