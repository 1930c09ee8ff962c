"""Work done by threads a little ahead of who takes it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Done = TypeVar("Done")

WORKERS = 2
"""Threads: with the encoder's own they keep two cores busy, and more would only hold more frames."""


def done_ahead(work: Callable[[Item], Done], items: Iterable[Item]) -> Generator[Done, None, None]:
    """`map(work, items)`, one or two items ahead. Closing it ends the threads."""
    waiting: deque[Future[Done]] = deque()
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="warp") as pool:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > WORKERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
