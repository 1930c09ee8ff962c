"""The public listener alone: bounds, port sharing and draining, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from deployments.gateway.http_guards import MAX_HEAD_BYTES, WithoutProxyControls
from deployments.gateway.listener import Listener, check_port_free
from tests.conftest import eventually, free_port


class Sockets:
    """Records the drain it was asked for."""

    count = 2

    def __init__(self) -> None:
        self.drained: list[float] = []

    async def drain(self, grace_s: float) -> None:
        self.drained.append(grace_s)


class Site:
    """A listener in front of an app with one route that waits for a gate."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.sockets = Sockets()
        self.gate = asyncio.Event()
        echo = Route("/echo", self.echo, methods=["POST"])
        app = Starlette(routes=[Route("/", self.answer), Route("/wait", self.wait), echo])
        self.listener = Listener(app, self.sockets, host="127.0.0.1", port=port, max_message_bytes=1000)

    async def answer(self, request: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    async def echo(self, request: Request) -> StreamingResponse:
        """The body again, of a length that nobody knows beforehand, and what was seen of its headers."""
        body = await request.body()

        async def parts() -> AsyncIterator[bytes]:
            yield body
            yield f"|{request.headers.get('upgrade')}|{request.headers.get('x-last')}".encode()

        return StreamingResponse(parts())

    async def wait(self, request: Request) -> PlainTextResponse:
        await self.gate.wait()
        return PlainTextResponse("waited")


Open = Callable[[int], Awaitable[Site]]


@pytest.fixture
async def open_site() -> AsyncIterator[Open]:
    sites: list[Site] = []

    async def open_(port: int) -> Site:
        site = Site(port)
        sites.append(site)
        await site.listener.start()
        return site

    yield open_
    for site in sites:
        site.gate.set()
        await site.listener.drain(0)


async def test_an_endless_request_head_is_cut(open_site: Open) -> None:
    """A head over the bound gets 400, whether it is many headers or one without an end."""
    site = await open_site(free_port())
    for piece in (b"a" * 1000, b"a: b\r\n" * 200):
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nx: " + piece * (MAX_HEAD_BYTES // len(piece) + 2))
        answer = await asyncio.wait_for(reader.readline(), 10)
        writer.close()
        assert answer.startswith(b"HTTP/1.1 400")


async def test_a_body_is_no_head(open_site: Open) -> None:
    """Large bodies pass the bound on heads, request after request on one connection."""
    site = await open_site(free_port())
    async with httpx.AsyncClient(base_url=site.url) as http:
        for _ in range(2):
            assert (await http.post("/", content=bytes(4 * MAX_HEAD_BYTES))).status_code == 405


async def test_answers_do_not_name_the_server(open_site: Open) -> None:
    """Nothing to fingerprint."""
    site = await open_site(free_port())
    async with httpx.AsyncClient() as http:
        assert "server" not in (await http.get(site.url)).headers


async def test_draining_finishes_what_was_begun(open_site: Open) -> None:
    """An answer under way is finished, and says Connection: close; nobody new is accepted."""
    site = await open_site(free_port())
    async with httpx.AsyncClient(base_url=site.url) as http:
        waiting = asyncio.create_task(http.get("/wait"))
        await eventually(lambda: site.listener.requests == 1)
        draining = asyncio.create_task(site.listener.drain(7))
        await eventually(lambda: site.sockets.drained == [7])
        with pytest.raises(httpx.ConnectError):
            await httpx.AsyncClient().get(site.url)
        site.gate.set()
        answer = await waiting
        await draining
    assert (answer.text, answer.headers["connection"]) == ("waited", "close")
    with pytest.raises(RuntimeError, match="stopped"):
        site.listener.check()


async def test_a_long_answer_has_the_whole_drain(open_site: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """LLM-006: a stream of tokens is no socket, and is not cut by a new release either."""
    monkeypatch.setattr("deployments.gateway.listener.LAST_ANSWERS_S", 0.001)
    monkeypatch.setattr("deployments.gateway.listener.LINGER_S", 0)
    site = await open_site(free_port())
    async with httpx.AsyncClient(base_url=site.url) as http:
        waiting = asyncio.create_task(http.get("/wait"))
        await eventually(lambda: site.listener.requests == 1)
        draining = asyncio.create_task(site.listener.drain(30))
        asyncio.get_running_loop().call_later(0.5, site.gate.set)
        assert (await waiting).text == "waited"
        await draining


async def test_an_old_and_a_new_gateway_share_the_port(open_site: Open) -> None:
    """While one drains, the other one answers; a foreign start-up sees the port as taken."""
    old = await open_site(free_port())
    new = await open_site(old.port)
    with pytest.raises(OSError, match="in use"):
        check_port_free("127.0.0.1", old.port)
    await old.listener.drain(0)
    async with httpx.AsyncClient() as http:
        assert (await http.get(new.url)).text == "ok"
    new.listener.check()
    assert new.listener.open_sockets == 2


async def test_controls_of_serves_proxy_are_hidden_from_clients() -> None:
    """A client cannot switch the proxy's time limit and cancellation off."""
    seen: list[list[tuple[bytes, bytes]]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope.get("headers", []))

    async def nothing(*_: object) -> None: ...

    headers = [(b"X-Request-Timeout-Seconds", b"0"), (b"x-request-disconnect-disabled", b"?1"), (b"a", b"b")]
    await WithoutProxyControls(app)({"type": "http", "headers": headers}, nothing, nothing)  # type: ignore[arg-type]
    await WithoutProxyControls(app)({"type": "lifespan"}, nothing, nothing)  # type: ignore[arg-type]
    assert seen == [[(b"a", b"b")], []]


async def exchange(port: int, *packets: bytes) -> bytes:
    """All that comes back on one connection, until it ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for packet in packets:
        writer.write(packet)
        await writer.drain()
        await asyncio.sleep(0)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


OFFER = (
    b"connection: Upgrade, HTTP2-Settings, close\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\nx-last: 1\r\n"
)
LENGTH = b"POST /echo HTTP/1.1\r\nhost: a\r\n" + OFFER + b"content-length: 5\r\n\r\n"
CHUNKED = b"POST /echo HTTP/1.1\r\nhost: a\r\n" + OFFER + b"transfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "packets",
    [
        (LENGTH + b"hello",),
        (LENGTH, b"hello"),
        (LENGTH[:60], LENGTH[60:] + b"he", b"llo"),
        (CHUNKED + b"2\r\nhe\r\n", b"3\r\nllo\r\n0\r\n\r\n"),
        (b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\nx" + LENGTH + b"hello",),
    ],
)
async def test_an_upgrade_that_nobody_offers(open_site: Open, packets: tuple[bytes, ...]) -> None:
    """RT-54: the request is served as it is, its body included, whenever it comes."""
    site = await open_site(free_port())
    answer = await exchange(site.port, *packets)
    assert answer.count(b"HTTP/1.1 200 OK") == 1 + packets[0].count(b"length: 1\r\n")
    assert b"hello" in answer
    assert answer.rstrip(b"0\r\n").endswith(b"|None|1")


async def test_an_endless_head_with_an_upgrade_is_cut(open_site: Open) -> None:
    """RT-54: the bound of heads holds."""
    site = await open_site(free_port())
    answer = await exchange(site.port, LENGTH[:-2] + b"x-more: " + b"a" * MAX_HEAD_BYTES)
    assert answer.startswith(b"HTTP/1.1 400")


async def test_http_1_0_gets_no_chunks(open_site: Open) -> None:
    """RT-55: the end of the connection ends the body; a known length is told as ever."""
    site = await open_site(free_port())
    streamed = await exchange(site.port, b"POST /echo HTTP/1.0\r\ncontent-length: 5\r\n\r\nhello")
    head, body = streamed.split(b"\r\n\r\n", 1)
    assert (b"transfer-encoding" in head, b"connection: close" in head, body) == (
        False,
        True,
        b"hello|None|None",
    )
    whole = await exchange(site.port, b"GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n")
    assert b"content-length: 2\r\n" in whole
    assert whole.endswith(b"\r\n\r\nok")
    head_only = await exchange(site.port, b"HEAD / HTTP/1.0\r\n\r\n")
    assert head_only.endswith(b"\r\n\r\n")
