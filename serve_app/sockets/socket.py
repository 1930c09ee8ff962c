"""A bounded WebSocket: what goes wrong inside becomes one `error` event and a close code (design decision 8).

Neither the server nor the operating system protects us: a reader that stops would make us buffer for ever,
an uncaught exception would reach the client as 1006, and a refusal before the accept hides its code from a
browser.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from serve_app.concurrency import first_to_end
from serve_app.core.keys import redact
from serve_app.errors import IdleTimeout, KaleidoError, Restarting, SlowReader, TooLarge
from serve_app.sockets.events import ErrorEvent, Event
from serve_app.sockets.send_queue import SendQueue

log = logging.getLogger("kaleido.errors")

STUCK_S = 10.0
"""A client that takes no byte for this long is gone or hopeless; mobile networks recover within seconds."""
CLOSING_S = 2.0
"""What is still queued when a socket closes gets this long; the close frame itself as well."""


class Disconnected(Exception):
    """The client has gone."""


class Socket:
    """One accepted WebSocket. `cleanup` holds what must happen after it is closed."""

    def __init__(self, websocket: WebSocket, session_id: str, max_message_bytes: int) -> None:
        self._websocket = websocket
        self._max_message_bytes = max_message_bytes
        self._outbox = SendQueue()
        self._now = asyncio.get_running_loop().time
        self._listening_since: float | None = self._now()
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.session_id = session_id
        self.cleanup = AsyncExitStack()

    def send(self, event: Event, *, replace: bool = False) -> None:
        """Queue an event; with `replace` it takes the place of an unsent event of its type."""
        try:
            self._outbox.put(event.model_dump_json(), event.type if replace else None)
        except SlowReader as slow:
            self.fail(slow)

    def tell(self, error: KaleidoError) -> None:
        """Queue an error event; the socket goes on."""
        self.send(ErrorEvent(session_id=self.session_id, code=error.code, error=redact(error.message)))

    def fail(self, error: BaseException) -> None:
        """End the conversation with this error; the first one counts."""
        if not self._failure.done():
            self._failure.set_exception(error)

    async def receive(self) -> str | bytes:
        """The next message. Raises Disconnected, and TooLarge for a message over the limit."""
        self._listening_since = self._now()
        message = await self._websocket.receive()
        self._listening_since = None
        if message["type"] == "websocket.disconnect":
            raise Disconnected
        content: str | bytes | None = message.get("bytes")
        if content is None:
            content = message.get("text") or ""
        if len(content) > self._max_message_bytes:
            raise TooLarge(f"A message may have {self._max_message_bytes} bytes.")
        return content

    async def serve(self, conversation: Coroutine[Any, Any, None], idle_timeout_s: float) -> None:
        """Run a conversation to its end, whatever the end is, and close."""
        sending = asyncio.create_task(self._send_queued())
        try:
            await first_to_end(conversation, self._watch_idle(idle_timeout_s), self._failure)
        except (Disconnected, WebSocketDisconnect):
            pass
        except KaleidoError as error:
            await self._refuse(error)
        except Exception as failure:  # noqa: BLE001 - this is the edge (ERR-009)
            log.error("a stream failed\n%s", redact("".join(traceback.format_exception(failure))))
            await self._refuse(KaleidoError())
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            await self.cleanup.aclose()

    async def _refuse(self, error: KaleidoError) -> None:
        """One error event, then the close code (ERR-019)."""
        if not isinstance(error, SlowReader):
            self.tell(error)
        await self._bounded(self._outbox.delivered)
        await self._bounded(lambda: self._websocket.close(error.close_code, error.code))

    async def _bounded(self, step: Callable[[], Awaitable[None]]) -> None:
        try:
            async with asyncio.timeout(CLOSING_S):
                await step()
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            pass  # the client is gone, or takes nothing any more: Starlette says so with any of these

    async def _send_queued(self) -> None:
        while True:
            text = await self._outbox.next()
            try:
                async with asyncio.timeout(STUCK_S):
                    await self._websocket.send_text(text)
            except TimeoutError:
                self.fail(SlowReader())
            except (WebSocketDisconnect, RuntimeError):
                self.fail(Disconnected())

    async def _watch_idle(self, timeout_s: float) -> None:
        # One timer per silence and not one per message: a timeout around each receive is not free.
        while (left := self._patience_left(timeout_s)) > 0:  # noqa: ASYNC110
            await asyncio.sleep(left)
        raise IdleTimeout

    def _patience_left(self, timeout_s: float) -> float:
        """A client is not idle while we do not listen, because decodes must catch up first."""
        since = self._now() if self._listening_since is None else self._listening_since
        return since + timeout_s - self._now()


class OpenSockets:
    """The sockets of one process, for draining."""

    def __init__(self) -> None:
        self._sockets: set[Socket] = set()
        self._draining = False
        self._left = asyncio.Event()

    @property
    def count(self) -> int:
        """Sockets open now."""
        return len(self._sockets)

    @contextmanager
    def opened(self, socket: Socket) -> Iterator[None]:
        """Count a socket while it is served; one that arrives during a drain is sent away at once."""
        self._sockets.add(socket)
        if self._draining:
            socket.fail(Restarting())
        try:
            yield
        finally:
            self._sockets.discard(socket)
            self._left.set()

    async def drain(self, grace_s: float) -> None:
        """Let sockets finish for `grace_s`, then close the rest with 1012; returns when all are gone."""
        self._draining = True
        await self._empty_within(grace_s)
        for socket in self._sockets:
            socket.fail(Restarting())
        await self._empty_within(2 * CLOSING_S + 1.0)

    async def _empty_within(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while self._sockets:
                    self._left.clear()
                    await self._left.wait()
        except TimeoutError:
            pass
