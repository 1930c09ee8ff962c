"""Gathers concurrent requests into batches for an engine that can do only one call at a time.

While the engine is busy, requests gather; the next batch goes the moment it is free. Nobody waits on purpose:
an idle engine takes a lone request at once, a busy one fills its batches by itself.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from serve_app.errors import KaleidoError

Item = TypeVar("Item")
Result = TypeVar("Result")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Request(Generic[Item, Result]):
    item: Item
    answer: asyncio.Future[tuple[Result, float]]


class Batcher(Generic[Item, Result]):
    """Lanes in front of one engine thread; the lower the number, the sooner its turn.

    Lanes are not mixed in one batch: a final is many times longer than a partial window, and the engine pads
    a batch to its longest member.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Item]], Sequence[Result]],
        *,
        failure: type[KaleidoError],
        max_items: int = 1,
        size: Callable[[Item], float] = lambda _: 0.0,
        max_size: float = float("inf"),
        lanes: int = 1,
    ) -> None:
        """`run` maps a batch to as many results, in order. Whatever it raises besides a KaleidoError becomes
        `failure`. A batch holds at most `max_items`, of summed `size` at most `max_size` (or one item)."""
        self._run = run
        self._failure = failure
        self._max_items = max_items
        self._size = size
        self._max_size = max_size
        self._lanes: list[deque[_Request[Item, Result]]] = [deque() for _ in range(lanes)]
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._loop_task: asyncio.Task[None] | None = None
        self._busy_since: float | None = None

    @property
    def busy_s(self) -> float:
        """How long the present engine call has been running; 0 when idle."""
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since

    async def submit(self, item: Item, lane: int = 0) -> tuple[Result, float]:
        """The item's result and the milliseconds its batch spent in the engine.

        Cancelling the caller drops the item if its batch has not started. Raises what `run` raised for it.
        """
        request = _Request(item, asyncio.get_running_loop().create_future())
        self._lanes[lane].append(request)
        if self._loop_task is None or self._loop_task.done():
            self._loop_task = asyncio.create_task(self._serve())
        return await request.answer

    def close(self) -> None:
        """Let go of the engine thread; requests still waiting are cancelled."""
        if self._loop_task is not None:
            self._loop_task.cancel()
        for lane in self._lanes:
            for request in lane:
                request.answer.cancel()
        self._thread.shutdown(wait=False)

    async def _serve(self) -> None:
        while batch := self._take():
            await self._answer(batch)

    def _take(self) -> list[_Request[Item, Result]]:
        """The next batch: the first lane with a live request, up to both limits."""
        for lane in self._lanes:
            batch: list[_Request[Item, Result]] = []
            total = 0.0
            while lane and len(batch) < self._max_items:
                if lane[0].answer.done():
                    lane.popleft()
                    continue
                total += self._size(lane[0].item)
                if batch and total > self._max_size:
                    break
                batch.append(lane.popleft())
            if batch:
                return batch
        return []

    async def _answer(self, batch: Sequence[_Request[Item, Result]]) -> None:
        try:
            results, elapsed_ms = await self._call([request.item for request in batch])
        except Exception as error:  # noqa: BLE001  an engine is foreign code: this is the edge
            await self._fail(batch, error)
            return
        for request, result in zip(batch, results, strict=True):
            if not request.answer.done():
                request.answer.set_result((result, elapsed_ms))

    async def _call(self, items: Sequence[Item]) -> tuple[Sequence[Result], float]:
        self._busy_since = started = time.monotonic()
        try:
            results = await asyncio.get_running_loop().run_in_executor(self._thread, self._run, items)
        finally:
            self._busy_since = None
        if len(results) != len(items):
            raise ValueError(f"the engine gave {len(results)} results for {len(items)} items")
        return results, (time.monotonic() - started) * 1000

    async def _fail(self, batch: Sequence[_Request[Item, Result]], error: Exception) -> None:
        """One bad input must not hurt the others: each member of a failed batch is tried once more, alone."""
        if len(batch) > 1:
            for request in batch:
                if not request.answer.done():
                    await self._answer([request])
            return
        if not isinstance(error, KaleidoError):
            log.error("the engine failed", exc_info=error)
            error = self._failure()
        if not batch[0].answer.done():
            batch[0].answer.set_exception(error)
