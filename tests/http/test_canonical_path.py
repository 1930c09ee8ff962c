"""Legacy prefixes and trailing slashes."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from serve_app.backends import Backends
from serve_app.http import canonical_path as aliases
from serve_app.http.canonical_path import canonical
from tests.fakes import team_with_key


@pytest.fixture(autouse=True)
def legacy_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """A legacy prefix for the probe surface."""
    monkeypatch.setitem(aliases.LEGACY, "/v2/probe", "/probe")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", "/"),
        ("/health", "/health"),
        ("/health/", "/health"),
        ("/v2/asr/low-latency/th/config", "/api/thai-asr/config"),
        ("/v2/asr/low-latency/th/sessions/", "/api/thai-asr/sessions"),
        ("/v2/asr/low-latency/th", "/api/thai-asr"),
        ("/v2/asr/low-latency/thai/config", "/v2/asr/low-latency/thai/config"),
        ("/x/v2/asr/low-latency/th", "/x/v2/asr/low-latency/th"),
    ],
)
def test_canonical_paths(path: str, expected: str) -> None:
    """LEG-001, RT-43: one table, whole path segments only."""
    assert canonical(path) == expected
    assert canonical(expected) == expected


async def test_legacy_answers_are_identical(client: httpx.AsyncClient, backends: Backends) -> None:
    """LEG-001, LEG-004: same status and body, no redirect; the headers say where to go instead."""
    _, key = await team_with_key(backends)
    for path, status in (("caller", 200), ("items/x", 400), ("nothing", 404), ("broken?secret=1", 500)):
        headers = {"x-api-key": key, "x-request-id": "1"}
        new = await client.get(f"/probe/{path}", headers=headers)
        old = await client.get(f"/v2/probe/{path}", headers=headers)
        assert (old.status_code, old.text) == (new.status_code, new.text)
        assert old.status_code == status
        assert old.headers["deprecation"] == "true"
        assert old.headers["link"] == f'</probe/{path.partition("?")[0]}>; rel="successor-version"'
        assert "deprecation" not in new.headers


async def test_the_link_cannot_be_forged(client: httpx.AsyncClient) -> None:
    """LEG-004: whatever the path holds, the header is one well-formed link."""
    answer = await client.get("/v2/probe/a%0d%0ax-evil:%201>;%20%22%E0%B8%81")
    path = "/probe/a%0D%0Ax-evil%3A%201%3E%3B%20%22%E0%B8%81"
    assert answer.headers["link"] == f'<{path}>; rel="successor-version"'
    assert "x-evil" not in answer.headers


def test_legacy_sockets(app: FastAPI, key: str) -> None:
    """LEG-001, LEG-004: WebSockets too; the handshake carries the headers."""
    with TestClient(app) as client, client.websocket_connect(f"/v2/probe/socket?api_key={key}") as socket:
        assert socket.receive_json()["type"] == "ready"
        assert socket.extra_headers is not None
        headers = dict(socket.extra_headers)
        assert headers[b"deprecation"] == b"true"
        assert headers[b"link"] == b'</probe/socket>; rel="successor-version"'


async def test_every_path_answers_with_and_without_a_slash(app: FastAPI, client: httpx.AsyncClient) -> None:
    """RT-43: the same status and body both ways, never a redirect."""
    routes = [route for route in app.routes if isinstance(route, APIRoute)]
    for route in routes:
        path = route.path_format.format_map(dict.fromkeys(route.param_convertors, "1"))
        method = min(route.methods or {"GET"})
        plain, slashed = [
            await client.request(method, asked, headers={"x-request-id": "1"}) for asked in (path, f"{path}/")
        ]
        assert (slashed.status_code, slashed.text) == (plain.status_code, plain.text)
        assert slashed.status_code in (200, 401)
        assert "deprecation" not in slashed.headers
    assert len(routes) > 5
