"""`HEAD` wherever `GET` is: the same answer without its body (RT-53; RFC 9110, 9.3.2)."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOR_GET_ONLY = frozenset({b"range", b"if-range"})
"""Headers that have no meaning beside another method (RFC 9110, 14.2)."""


class _HeadSent(BaseException):
    """Everything that the caller wants has been sent; no failure, which the edge would answer for."""


class HeadRequests:
    """Has `HEAD` answered by the routes of `GET`, up to the first byte of the body: nothing is read or made
    for nobody. Inside of what logs and counts, which sees the caller's method."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
            else:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                raise _HeadSent

        headers = [pair for pair in scope["headers"] if pair[0].lower() not in FOR_GET_ONLY]
        try:
            await self._app({**scope, "method": "GET", "headers": headers}, receive, send_head)
        except* _HeadSent:
            pass
