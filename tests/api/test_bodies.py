"""Request bodies: validation, content types, sizes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from serve_app.body_limit import JSON_BYTES
from tests.api.probe import code_of

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "body", "named"),
    [
        ("POST", "/probe/orders", b'{"count": 11}', "count"),
        ("POST", "/probe/orders", b'{"count": "1"}', "count"),
        ("POST", "/probe/orders", b'{"count": true}', "count"),
        ("POST", "/probe/orders", b'{"note": "\\ud800"}', "JSON"),
        ("POST", "/probe/orders", b'{"count": NaN}', "JSON"),
        ("POST", "/probe/orders", b"[]", "body"),
        ("POST", "/probe/orders", b"", "body"),
        ("POST", "/probe/orders", b"{", "JSON"),
        ("POST", "/probe/orders", b"\xff\xfe\xfd", "JSON"),
        ("POST", "/probe/orders", b"[" * 100_000, "JSON"),
        ("POST", "/probe/orders", b'{"count": ' + b"9" * 5000 + b"}", "JSON"),
        ("PUT", "/probe/orders", b"", "count"),
        ("PUT", "/probe/orders?count=x", b"", "count"),
        ("GET", "/probe/items/x", b"", "item"),
    ],
)
async def test_invalid_input_is_a_400_that_names_the_field(
    signed: httpx.AsyncClient, method: str, path: str, body: bytes, named: str
) -> None:
    """ERR-002, ERR-010: never 422; the text says which field."""
    answer = await signed.request(method, path, content=body, headers=JSON)
    assert (answer.status_code, code_of(answer)) == (400, "invalid_request")
    assert named in answer.json()["error"]
    assert "x-ratelimit-remaining" in answer.headers


async def test_a_strangers_body_is_not_judged(client: httpx.AsyncClient) -> None:
    """ERR-001: without a key a bad body is a 401, not a 400; the body is not even read."""
    read: list[bool] = []

    async def body() -> AsyncIterator[bytes]:
        read.append(True)
        yield b"{"

    answer = await client.post("/probe/orders", content=body(), headers=JSON)
    assert (answer.status_code, read) == (401, [])


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_json_only(signed: httpx.AsyncClient, content_type: str) -> None:
    """ERR-013: another content type where only JSON is accepted."""
    answer = await signed.post("/probe/orders", content=b"{}", headers={"content-type": content_type})
    assert (answer.status_code, code_of(answer)) == (415, "unsupported_media_type")


async def test_json_by_another_name(signed: httpx.AsyncClient) -> None:
    """ERR-013: a charset, or a JSON dialect, is still JSON."""
    for content_type in ("application/json; charset=utf-8", "Application/JSON", "application/hal+json"):
        answer = await signed.post("/probe/orders", content=b"{}", headers={"content-type": content_type})
        assert answer.status_code == 200


async def streamed(size: int) -> AsyncIterator[bytes]:
    yield b'{"note": "'
    for _ in range(size // 1024):
        yield b"x" * 1024
    yield b'"}'


async def test_a_body_over_the_limit(signed: httpx.AsyncClient) -> None:
    """ERR-012: announced or streamed, a JSON body over 1 MiB is a 413."""
    announced = await signed.post("/probe/orders", content=b" " * (JSON_BYTES + 1), headers=JSON)
    arriving = await signed.post("/probe/orders", content=streamed(JSON_BYTES), headers=JSON)
    fitting = await signed.post("/probe/orders", content=streamed(JSON_BYTES - 1024), headers=JSON)
    exact = await signed.post("/probe/orders", content=b"{}".ljust(JSON_BYTES), headers=JSON)
    assert [answer.status_code for answer in (announced, arriving, fitting, exact)] == [413, 413, 200, 200]
    assert code_of(announced) == code_of(arriving) == "too_large"
