"""What every surface takes from a request: the backends, and who is calling.

An HTTP surface is `router = surface("/api/thai-asr", "thai-asr")` and its routes take `caller: CallerDep` and
`backends: BackendsDep`. A WebSocket route calls `await socket_caller(websocket)`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request, Security, WebSocket
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from starlette.requests import HTTPConnection

from serve_app.auth import DEVELOPER, Caller
from serve_app.backends import Backends
from serve_app.errors import RateLimited
from serve_app.stores import WindowHit

API_KEY = APIKeyHeader(name="x-api-key", scheme_name="ApiKey", auto_error=False)
Result = TypeVar("Result")
BEARER = HTTPBearer(scheme_name="Bearer", auto_error=False)


def backends_of(connection: HTTPConnection) -> Backends:
    """The backends of the app that serves this request or socket."""
    found: Backends = connection.app.state.backends
    return found


def bearer_token(connection: HTTPConnection) -> str | None:
    """The token of `Authorization: Bearer`, whatever the case of the scheme."""
    scheme, token = get_authorization_scheme_param(connection.headers.get("authorization"))
    return token if scheme.lower() == "bearer" and token else None


def credential(connection: HTTPConnection) -> str | None:
    """The raw key: `x-api-key`, then Bearer, then, on WebSockets only, `api_key` (KEY-006..009)."""
    query = connection.query_params.get("api_key") if connection.scope["type"] == "websocket" else None
    return connection.headers.get("x-api-key") or bearer_token(connection) or query or None


def spend(connection: HTTPConnection, hit: WindowHit) -> None:
    """Show the state of a bucket in the answer's headers (QUO-007). Raises RateLimited when it is empty."""
    connection.state.window_hit = hit
    if not hit.allowed:
        refusal = RateLimited()
        refusal.retry_after_s = max(1, math.ceil(hit.reset_s))
        raise refusal


class Gate(ABC):
    """A dependency that must pass before the body is read (see GuardedRoute)."""

    @abstractmethod
    async def __call__(self, request: Request) -> Any:
        """Who is calling. Raises Unauthorized, RateLimited and StoreUnavailable."""


class CallerGate(Gate):
    """The caller of an HTTP request, counted once against the team's bucket (QUO-011)."""

    def __init__(self, surface: str = "", *, polling: bool = False) -> None:
        self.surface = surface
        self.polling = polling

    async def __call__(
        self,
        request: Request,
        _key: Annotated[object, Security(API_KEY)] = None,
        _bearer: Annotated[object, Security(BEARER)] = None,
    ) -> Caller:
        if not hasattr(request.state, "caller"):
            caller = await _identify(request, self.surface)
            request.state.caller = caller
            spend(request, await backends_of(request).limits.request(caller, polling=self.polling))
        found: Caller = request.state.caller
        return found


def caller_for(surface: str, *, polling: bool = False) -> CallerGate:
    """The caller on a surface that a development profile may open to callers without a key (KEY-014)."""
    return CallerGate(surface, polling=polling)


async def socket_caller(websocket: WebSocket, surface: str = "") -> Caller:
    """The caller of a WebSocket; takes nothing from the request bucket. Raises Unauthorized."""
    return await _identify(websocket, surface)


async def _identify(connection: HTTPConnection, surface: str) -> Caller:
    backends = backends_of(connection)
    raw_key = credential(connection)
    if raw_key is None and surface in backends.settings.optional_auth_surfaces:
        return DEVELOPER
    return await backends.keys.authenticate(raw_key)


async def _backends(request: Request) -> Backends:
    # FastAPI hands a plain function to a thread pool, which costs more than all else in a small request.
    return backends_of(request)


BackendsDep = Annotated[Backends, Depends(_backends)]
CallerDep = Annotated[Caller, Depends(CallerGate())]
PollingCallerDep = Annotated[Caller, Depends(CallerGate(polling=True))]
"""For status routes, which are polled: they have a bucket of their own (QUO-011)."""
