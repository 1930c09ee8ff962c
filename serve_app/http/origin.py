"""Under which scheme and host the caller reached us."""

from __future__ import annotations

import re

from starlette.requests import HTTPConnection

from serve_app.settings import Settings

SOCKET_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
HOST = re.compile(r"[A-Za-z0-9.\-_]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")
"""A host header goes back into a URL: nothing but a host and a port may be in it."""


def socket_origin(connection: HTTPConnection, settings: Settings) -> str:
    """`wss://host`: the configured public origin, else the request's, with forwarded headers from trusted
    proxies only (ASR-022)."""
    if settings.public_base_url:
        scheme, _, rest = settings.public_base_url.rstrip("/").partition("://")
        return f"{SOCKET_SCHEMES[scheme]}://{rest}"
    scheme, host = connection.scope.get("scheme", "http"), connection.headers.get("host", "")
    if connection.client is not None and connection.client.host in settings.trusted_proxies:
        scheme = _first(connection, "x-forwarded-proto") or scheme
        host = _first(connection, "x-forwarded-host") or host
    if not HOST.fullmatch(host):
        host = f"{settings.host}:{settings.port}"
    return f"{SOCKET_SCHEMES.get(scheme, 'ws')}://{host}"


def _first(connection: HTTPConnection, header: str) -> str:
    """Of a chain of proxies the first entry is what the client asked for."""
    return connection.headers.get(header, "").split(",")[0].strip().lower()
