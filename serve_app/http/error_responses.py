"""The edge of the process: whatever goes wrong inside becomes one public answer (ERR-016, ERR-017)."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Mapping

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from serve_app.core.keys import redact
from serve_app.errors import KaleidoError, Unauthorized
from serve_app.http.error_forms import form_of

log = logging.getLogger("kaleido.errors")


def error_response(error: KaleidoError, scope: Scope, headers: Mapping[str, str] | None = None) -> Response:
    """The public answer of an error: its status, its headers and the body that its surface declares."""
    form = form_of(scope["app"].state.error_forms, scope["path"])
    body = form.body(error, scope["state"]["request_id"])
    # A lone surrogate of the caller's may be quoted in the text; UTF-8 cannot carry it.
    content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return Response(content, error.status, {**_advice(error), **(headers or {})}, "application/json")


def _advice(error: KaleidoError) -> dict[str, str]:
    """What to do next: when to come back (QUO-007), how to authenticate (RFC 9110 asks for it on a 401)."""
    if error.status in (429, 503):
        return {"retry-after": str(error.retry_after_s or 1)}
    return {"www-authenticate": "Bearer"} if isinstance(error, Unauthorized) else {}


class ErrorBoundary:
    """Answers for every exception that nobody inside answered for."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        answered = False

        async def watched(message: Message) -> None:
            nonlocal answered
            answered = answered or message["type"] in ("http.response.start", "websocket.close")
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except (ClientDisconnect, WebSocketDisconnect):
            return  # nobody is left to answer
        except Exception as failure:  # noqa: BLE001 - this is the edge
            error = _public(failure, scope["state"]["request_id"])
            # An answer that has begun cannot be taken back: returning makes the server cut the connection.
            if not answered:
                await _refuse(error, scope, receive, send)


def _public(failure: Exception, request_id: str) -> KaleidoError:
    """The error to show; an unexpected one is written down, without keys (KEY-013, ERR-020)."""
    if isinstance(failure, KaleidoError) and failure.status != KaleidoError.status:
        return failure
    trace = "".join(traceback.format_exception(failure))
    log.error("request %s failed\n%s", request_id, redact(trace))
    return failure if isinstance(failure, KaleidoError) else KaleidoError()


async def _refuse(error: KaleidoError, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await error_response(error, scope)(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": error.close_code, "reason": error.code})
