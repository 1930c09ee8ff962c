"""Request bodies: validation, content types, sizes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, UploadFile

from serve_app.http import body_limit
from serve_app.http.body_limit import JSON_BYTES
from serve_app.http.dependencies import CallerDep
from serve_app.http.surface import surface
from serve_app.settings import Settings
from tests.api.live_api import LiveApi, live_api
from tests.http.probe import code_of

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


uploads = surface("/probe-files", "probe-files")


@uploads.post("")
async def take_file(caller: CallerDep, file: UploadFile) -> int:
    return len(await file.read())


async def multipart(size: int) -> AsyncIterator[bytes]:
    """An upload with no length announced."""
    yield b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    for _ in range(size // 65_536):
        yield bytes(65_536)
    yield b"\r\n--edge--\r\n"


MULTIPART = {"content-type": "Multipart/Form-Data; boundary=edge"}


async def test_an_upload_over_the_limit(app: FastAPI, signed: httpx.AsyncClient) -> None:
    """ERR-012, OUT-002: a file may be larger than JSON, up to a limit of its own, announced or streamed."""
    app.router.routes.extend(uploads.routes)
    limit = 3 * JSON_BYTES
    app.state.backends = replace(app.state.backends, settings=Settings(max_upload_bytes=limit))
    announced = await signed.post("/probe-files", files={"file": bytes(limit)})
    arriving = await signed.post("/probe-files", content=multipart(limit), headers=MULTIPART)
    fitting = await signed.post("/probe-files", content=multipart(2 * JSON_BYTES), headers=MULTIPART)
    assert [answer.status_code for answer in (announced, arriving, fitting)] == [413, 413, 200]
    assert code_of(announced) == code_of(arriving) == "too_large"
    assert fitting.json() == 2 * JSON_BYTES
    assert Settings().max_upload_bytes >= 100 * JSON_BYTES


@pytest.fixture
async def uploading(tmp_path: Path) -> AsyncIterator[LiveApi]:
    """A real server that takes uploads of 4 MiB."""
    async with live_api(tmp_path, max_upload_bytes=4 * JSON_BYTES) as api:
        api.app.router.routes.extend(uploads.routes)
        api.http.headers["x-api-key"] = api.key
        yield api


async def test_a_client_that_sends_before_it_reads_sees_the_answer(uploading: LiveApi) -> None:
    """ERR-012: through a real server, and not a connection that breaks."""
    announced = await uploading.http.post("/probe-files", files={"file": bytes(32 * JSON_BYTES)})
    arriving = await uploading.http.post(
        "/probe-files", content=multipart(32 * JSON_BYTES), headers=MULTIPART
    )
    assert code_of(announced) == code_of(arriving) == "too_large"
    assert announced.headers["connection"] == arriving.headers["connection"] == "close"


@pytest.mark.parametrize("length", ["content-length: 1000000000000", "transfer-encoding: chunked"])
async def test_a_refused_body_is_not_read_to_its_end(
    uploading: LiveApi, length: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ERR-012: the answer comes while the body still does; an endless one is cut."""
    monkeypatch.setattr(body_limit, "LINGER_S", 0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", uploading.port)
    head = f"POST /probe-files HTTP/1.1\r\nhost: api.test\r\nx-api-key: {uploading.key}\r\n{length}\r\n"
    writer.write(f"{head}content-type: {MULTIPART['content-type']}\r\n\r\n".encode())
    sending = asyncio.create_task(send_without_end(writer))
    assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
    async with asyncio.timeout(10):
        await sending
    writer.close()


async def send_without_end(writer: asyncio.StreamWriter) -> None:
    """Chunks of an upload until the server hangs up."""
    with suppress(ConnectionError):
        async for part in multipart(10**12):
            writer.write(b"%x\r\n%b\r\n" % (len(part), part))
            await writer.drain()
