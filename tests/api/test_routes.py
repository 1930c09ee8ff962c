"""The public route table is frozen: a change of `tests/routes.txt` is a change of the public API."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
from fastapi.routing import APIRoute
from starlette.routing import WebSocketRoute

from serve_app.app import create_app
from serve_app.backends import Backends
from serve_app.http.canonical_path import LEGACY
from serve_app.http.dependencies import Gate
from serve_app.http.surface import GuardedRoute
from tests.fakes import team_with_key

FROZEN = Path(__file__).parent.parent / "routes.txt"


def table(backends: Backends) -> list[str]:
    """`METHOD path` of each route, then the legacy prefixes."""
    lines = []
    for route in create_app(backends).routes:
        if isinstance(route, APIRoute):
            lines += [f"{method} {route.path}" for method in route.methods or ()]
        elif isinstance(route, WebSocketRoute):
            lines.append(f"WS {route.path}")
    return sorted(lines) + [f"ALIAS {legacy}/* = {prefix}/*" for legacy, prefix in LEGACY.items()]


def test_the_route_table_is_frozen(backends: Backends) -> None:
    """RT-01..03, RT-35, RT-44, LEG-001: every surface stands on the one app, under its documented path."""
    assert table(backends) == FROZEN.read_text("utf-8").splitlines()


def test_keys_are_asked_for_before_bodies_are_read(backends: Backends) -> None:
    """KEY-010: every route with a gate is a GuardedRoute, and every route but health has a gate."""
    for route in create_app(backends).routes:
        if isinstance(route, APIRoute):
            gated = any(isinstance(needed.call, Gate) for needed in route.dependant.dependencies)
            assert gated == isinstance(route, GuardedRoute) == (route.path != "/health"), route.path


def test_the_documented_answers_are_the_real_ones(backends: Backends) -> None:
    """ERR-010, ERR-016, KEY-006, KEY-007: OpenAPI shows both security schemes, our error body and no 422."""
    schema = create_app(backends).openapi()
    assert schema["components"]["securitySchemes"] == {
        "ApiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
        "Bearer": {"type": "http", "scheme": "bearer"},
    }
    operations = [operation for path in schema["paths"].values() for operation in path.values()]
    assert operations
    assert not [operation for operation in operations if "422" in operation["responses"]]


async def test_head_wherever_get_is(backends: Backends, client: httpx.AsyncClient, key: str) -> None:
    """RT-53: of every GET route, the legacy paths and the framework's pages: the answer without its body."""
    routes = [
        route for route in create_app(backends).routes if "GET" in (getattr(route, "methods", None) or ())
    ]
    paths = [re.sub(r"\{\w+(:path)?\}", "none", route.path) for route in routes]  # type: ignore[attr-defined]
    assert len(paths) > 15
    for path in [*paths, "/health/", "/v2/asr/low-latency/th/config"]:
        client.headers["x-api-key"] = (await team_with_key(backends))[1]
        get, head = await client.get(path), await client.head(path)
        assert (head.status_code, head.content) == (get.status_code, b""), path
        assert set(get.headers) == set(head.headers), path
        assert head.headers.get("content-length") == get.headers.get("content-length"), path


async def test_allow_names_head(client: httpx.AsyncClient) -> None:
    """RT-53: where GET is."""
    assert (await client.post("/health")).headers["allow"] == "GET, HEAD"
    answer = await client.head("/api/thai-asr/sessions")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
