"""A request's turn in an engine that takes one at a time: its progress, and its cancellation."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from typing import Generic, TypeVar

from deployments.serving.batching import Batcher
from serve_app.engines import Progress
from serve_app.errors import Cancelled

Request = TypeVar("Request")
Result = TypeVar("Result")
Report = Callable[[Progress], None]
"""How an engine tells how far it is. It raises Cancelled when nobody waits any more: the engine lets that
pass, and its next call is as good as any."""


class TrackedCall(Generic[Request]):
    """One request on its way through the engine's thread. Belongs to the event loop it is made in."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self._cancelled = threading.Event()
        self._news: asyncio.Queue[Progress | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()

    def report(self, progress: Progress) -> None:
        """Called by the engine, in its thread."""
        if self._cancelled.is_set():
            raise Cancelled
        self._loop.call_soon_threadsafe(self._news.put_nowait, progress)

    async def taken(
        self, batcher: Batcher[TrackedCall[Request], Result]
    ) -> AsyncGenerator[Progress | tuple[Result, float], None]:
        """Progress, then the result and its milliseconds in the engine; closing it cancels. Raises what the
        batcher raises."""
        result = asyncio.ensure_future(batcher.submit(self))
        result.add_done_callback(self._ended)
        try:
            while (progress := await self._news.get()) is not None:
                yield progress
            yield await result
        finally:
            self._cancelled.set()
            result.cancel()

    def _ended(self, result: asyncio.Future[tuple[Result, float]]) -> None:
        """Ends the news; looks at the outcome too, which nobody else does once the caller has gone."""
        if not result.cancelled():
            result.exception()
        self._news.put_nowait(None)
