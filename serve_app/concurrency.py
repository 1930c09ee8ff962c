"""Several things at once: tasks of which one ends all, and iterators that block."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Generator, Iterator
from itertools import islice
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


async def first_to_end(*running: Awaitable[None]) -> None:
    """Run all until one ends, cancel the others, wait for them, and raise what the first one raised."""
    tasks = [asyncio.ensure_future(each) for each in running]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        if task in done:
            task.result()


async def iterate_in_thread(iterator: Iterator[T]) -> AsyncGenerator[T, None]:
    """The items of a blocking iterator, each made in a worker thread, one at a time.

    When the consumer stops, a generator is closed: at once, or as soon as the thread that still runs inside
    it comes out. Nobody waits for that thread; to end it sooner, close what it reads from.
    """
    steps = _Steps(iterator)
    try:
        while item := await asyncio.to_thread(steps.take):
            yield item[0]
    finally:
        steps.stop()


class _Steps(Generic[T]):
    """An iterator that one thread advances while another may stop it."""

    def __init__(self, iterator: Iterator[T]) -> None:
        self._iterator = iterator
        self._lock = Lock()
        self._stopped = False

    def take(self) -> list[T]:
        """The next item alone; nothing after the last one."""
        try:
            with self._lock:
                return list(islice(self._iterator, 1))
        finally:
            if self._stopped:
                self.stop()

    def stop(self) -> None:
        """Close the iterator, unless a thread is inside it: that one will."""
        self._stopped = True
        if self._lock.acquire(blocking=False):
            try:
                if isinstance(self._iterator, Generator):
                    self._iterator.close()
            finally:
                self._lock.release()
