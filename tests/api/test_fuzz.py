"""Whatever bytes arrive, the front answers once, in form, and never with a failure of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serve_app.auth import Policy
from serve_app.backends import Backends
from serve_app.flows.accounts.teams import Teams
from tests.fakes import team_with_key

PATHS = ["/", "/health", "/probe/caller", "/probe/orders", "/probe/items/1", "/api/admin/v1/keys"]
PATHS += ["/api/admin/v1/keys/{x}/revoke", "/v2/asr/low-latency/th/config", "/api/thai-asr/sessions"]
NAMES = [
    b"content-type",
    b"content-length",
    b"x-request-id",
    b"authorization",
    b"x-api-key",
    b"expect",
    b"host",
]
VALUES = [b"application/json", b"text/plain", b"multipart/form-data", b"Bearer ", b"-1", b"9" * 5000, b""]
CHARACTERS = st.characters(exclude_categories=["Cs"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["count", "note", "name", "limits", "email"]) | st.text(), inner, max_size=3
        )
    ),
    max_leaves=6,
)
requests = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW"]),
        "path": st.builds(
            lambda start, rest: start.replace("{x}", rest) if "{x}" in start else start + rest,
            st.sampled_from(PATHS),
            st.sampled_from(["", "/"]) | st.text(CHARACTERS, max_size=20),
        ),
        "query_string": st.binary(max_size=40),
        "headers": st.lists(
            st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES) | st.binary(max_size=40)), max_size=4
        ),
        "body": st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()),
        "signed": st.booleans(),
        "typed": st.booleans(),
    }
)


async def call(app: FastAPI, scope: dict[str, Any], body: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
    """Status, headers and body of one raw request; fails unless exactly one whole answer is sent."""
    incoming = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return incoming.pop() if incoming else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start, *rest = sent
    assert start["type"] == "http.response.start"
    assert [message["type"] for message in rest] == ["http.response.body"] * len(rest)
    assert not rest[-1].get("more_body", False)
    return start["status"], dict(start["headers"]), b"".join(message["body"] for message in rest)


@pytest.fixture
async def credentials(backends: Backends) -> list[tuple[bytes, bytes]]:
    """A key and a member token, so that a signed request gets past either gate."""
    _, key = await team_with_key(backends, Policy(requests_per_minute=1_000_000))
    _, token = await Teams(backends.store, backends.keys).create("x", "x@example.com", "default", Policy())
    return [(b"x-api-key", key.encode()), (b"authorization", b"Bearer " + token.reveal().encode())]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(request_=requests)
async def test_anything_gets_one_answer_in_form(
    app: FastAPI,
    credentials: list[tuple[bytes, bytes]],
    monkeypatch: pytest.MonkeyPatch,
    request_: dict[str, Any],
) -> None:
    """ERR-016, ERR-018, ERR-010: 2xx or a documented 4xx, with a request id, for any request at all."""
    monkeypatch.setattr("serve_app.api.admin.REQUESTS_PER_MINUTE", 1_000_000)
    headers = credentials * request_["signed"] + request_["headers"]
    headers += [(b"content-type", b"application/json")] * request_["typed"]
    scope = {"type": "http", **request_, "headers": headers, "raw_path": b""}
    status, answered, body = await call(app, scope, request_["body"])
    assert status < 500
    assert answered[b"x-request-id"]
    if request_["method"] == "HEAD":
        assert not body
    elif status >= 400:
        told = json.loads(body)
        assert set(told) == {"success", "error", "code", "requestId"}
        assert status in (400, 401, 403, 404, 405, 409, 413, 415)


async def test_a_query_that_is_no_text(app: FastAPI, credentials: list[tuple[bytes, bytes]]) -> None:
    """ERR-010, ASR-021: bytes that are no UTF-8, in a query that nobody reads, do no harm."""
    scope = {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "path": "/api/thai-asr/sessions",
        "raw_path": b"",
        "query_string": b"\x80",
        "headers": credentials,
    }
    status, _, body = await call(app, scope, b"")
    assert status == 200
    assert json.loads(body)["ws_url"].startswith("ws://")
