"""One path per resource: legacy prefixes and trailing slashes lead to it without a redirect."""

from __future__ import annotations

from urllib.parse import quote

from starlette.types import ASGIApp, Receive, Scope, Send

from serve_app.headers import adding_headers

LEGACY = {"/v2/asr/low-latency/th": "/api/thai-asr"}
"""Legacy prefix -> canonical prefix (LEG-001)."""


def canonical(path: str) -> str:
    """The canonical form of a path (RT-43, LEG-001)."""
    path = path.removesuffix("/") or "/"
    for legacy, prefix in LEGACY.items():
        if path == legacy or path.startswith(f"{legacy}/"):
            return prefix + path.removeprefix(legacy)
    return path


class CanonicalPath:
    """Serves HTTP and WebSockets under the canonical path and marks legacy answers as such (LEG-004)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = canonical(scope["path"]) if "path" in scope else ""
        if path != scope.get("path", ""):
            if path != (scope["path"].removesuffix("/") or "/"):
                link = f'<{quote(path)}>; rel="successor-version"'
                send = adding_headers(send, lambda: {"deprecation": "true", "link": link})
            scope = {**scope, "path": path, "raw_path": quote(path).encode()}
        await self.app(scope, receive, send)
