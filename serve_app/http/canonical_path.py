"""One path per resource: legacy prefixes and trailing slashes lead to it without a redirect."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from serve_app.http.headers import adding_headers

LEGACY = {
    "/v2/asr/low-latency/th": "/api/thai-asr",
    "/api/low-latency-asr/reading-score": "/api/reading-score",
}
"""Legacy prefix -> canonical prefix (LEG-001..003)."""


def canonical(path: str) -> str:
    """The canonical form of a path (RT-43, LEG-001)."""
    path = path.removesuffix("/") or "/"
    legacy = _legacy_prefix(path)
    return LEGACY[legacy] + path.removeprefix(legacy) if legacy else path


def in_family(connection: HTTPConnection, path: str) -> str:
    """A canonical path as a member of the family of paths that a request came by (RS-022)."""
    legacy: str = getattr(connection.state, "legacy_prefix", "")
    return legacy + path.removeprefix(LEGACY[legacy]) if legacy else path


def _legacy_prefix(path: str) -> str:
    """Whole path segments only; nothing for a canonical path."""
    return next((legacy for legacy in LEGACY if f"{path}/".startswith(f"{legacy}/")), "")


class CanonicalPath:
    """Serves HTTP and WebSockets under the canonical path and marks legacy answers as such (LEG-004)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = canonical(scope["path"]) if "path" in scope else ""
        if path != scope.get("path", ""):
            if legacy := _legacy_prefix(scope["path"]):
                scope["state"]["legacy_prefix"] = legacy
                link = f'<{quote(path)}>; rel="successor-version"'
                send = adding_headers(send, lambda: {"deprecation": "true", "link": link})
            scope = {**scope, "path": path, "raw_path": quote(path).encode()}
        await self.app(scope, receive, send)
