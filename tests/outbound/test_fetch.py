"""Fetching from servers that play the public internet: honest ones, and those that do their worst."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import trustme

from serve_app.errors import FetchFailed, TooLarge, UnsafeUrl
from serve_app.outbound.fetch import Fetcher
from tests.fakes import NO_AUTHORITIES
from tests.outbound.web_host import (
    HOST,
    HTTP,
    Answer,
    Names,
    WebHost,
    answering,
    connections,
    endless,
    fetcher,
    web_host,
)

LIMIT = 1000
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
IMPATIENT_S = 0.2
"""The time limit where a test waits for it to pass."""


class Web:
    """Opens servers and fetchers, and closes them with the test."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self.names = Names(media_example=[["127.0.0.1"]])

    async def host(self, answer: Answer, tls: ssl.SSLContext | None = None) -> WebHost:
        return await self._stack.enter_async_context(web_host(answer, tls))

    def fetcher(self, port: int, **options: Any) -> Fetcher:
        opened = fetcher(options.pop("names", self.names), port, **{"tls": NO_AUTHORITIES, **options})
        self._stack.push_async_callback(opened.close)
        return opened

    async def get(self, answer: Answer, **options: Any) -> bytes:
        """What a fetch of such an answer gives."""
        host = await self.host(answer)
        fetch = self.fetcher(host.port, **options)
        return await fetch.get(f"http://{HOST}:{host.port}/voice.wav", limit_bytes=LIMIT, schemes=HTTP)


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    async with AsyncExitStack() as stack:
        yield Web(stack)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_tls(authority: trustme.CA, name: str) -> tuple[ssl.SSLContext, list[str | None]]:
    """A certificate for this name, and the names that clients ask for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    asked: list[str | None] = []
    context.sni_callback = lambda _socket, asked_for, _context: asked.append(asked_for)
    return context, asked


def client_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(context)
    return context


async def test_https(web: Web, authority: trustme.CA) -> None:
    """NET-002: resolved once; TLS for the name and not for the address; the path as it was written."""
    tls, asked = server_tls(authority, HOST)
    host = await web.host(answering(b"RIFF"), tls)
    fetch = web.fetcher(host.port, tls=client_tls(authority))
    with connections() as made:
        body = await fetch.get(f"https://{HOST}:{host.port}/a%20b/เสียง?x=1&y=%2F", limit_bytes=4)
    assert (body, asked, web.names.asked, made) == (b"RIFF", [HOST], [HOST], [("127.0.0.1", host.port)])
    line, *headers = host.requests[0].split("\r\n")
    assert line == "GET /a%20b/%E0%B9%80%E0%B8%AA%E0%B8%B5%E0%B8%A2%E0%B8%87?x=1&y=%2F HTTP/1.1"
    assert {"Host: media.example:" + str(host.port), "accept-encoding: identity"} <= set(headers)


@pytest.mark.parametrize("name", ["other.example", "127.0.0.1", "example"])
async def test_a_certificate_for_another_host(web: Web, authority: trustme.CA, name: str) -> None:
    """NET-002: the address that was checked proves nothing about who answers there."""
    tls, _ = server_tls(authority, name)
    host = await web.host(answering(b"RIFF"), tls)
    fetch = web.fetcher(host.port, tls=client_tls(authority))
    with pytest.raises(FetchFailed):
        await fetch.get(f"https://{HOST}:{host.port}/", limit_bytes=LIMIT)
    assert host.requests == []


async def test_a_certificate_of_an_unknown_authority(web: Web, authority: trustme.CA) -> None:
    """NET-002: nobody is trusted by default but the public authorities."""
    tls, _ = server_tls(authority, HOST)
    host = await web.host(answering(b"RIFF"), tls)
    fetch = fetcher(web.names, host.port)
    with pytest.raises(FetchFailed):
        await fetch.get(f"https://{HOST}:{host.port}/", limit_bytes=LIMIT)
    await fetch.close()
    assert host.requests == []


async def test_a_name_that_changes_its_mind(web: Web) -> None:
    """NET-002: public when it is checked, private when it is connected to: it is asked once only."""
    names = Names(media_example=[["127.0.0.1"], ["127.0.0.2"]])
    with connections() as made:
        assert await web.get(answering(b"RIFF"), names=names) == b"RIFF"
    assert names.asked == [HOST]
    assert [address for address, _ in made] == ["127.0.0.1"]
    with pytest.raises(UnsafeUrl):
        await web.get(answering(b"RIFF"), names=names)


async def test_a_name_that_is_both(web: Web) -> None:
    """NET-002: one address inside is enough to refuse a name, whatever the order."""
    for answers in (["127.0.0.1", "10.0.0.1"], ["10.0.0.1", "127.0.0.1"]):
        with connections() as made, pytest.raises(UnsafeUrl):
            await web.get(answering(b"RIFF"), names=Names(media_example=[answers]))
        assert made == []


async def test_the_proxies_of_the_environment(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """NET-002: are not asked; they would resolve the name themselves."""
    proxy = await web.host(answering(b"from the proxy"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    assert await web.get(answering(b"RIFF")) == b"RIFF"
    assert proxy.requests == []


def sending(raw: bytes) -> Answer:
    """An answer of exactly these bytes."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)

    return answer


GIVES_NOTHING: dict[str, Answer] = {
    "an error": answering(b"no such voice", "404 Not Found"),
    "a server's error": answering(b"", "503 Service Unavailable"),
    "nothing new": answering(b"", "304 Not Modified"),
    "a part": answering(b"RIFF", "206 Partial Content"),
    "compressed": answering(b"\x1f\x8b" + bytes(500), content_encoding="gzip"),
    "compressed in transfer": answering(b"", content_length=None, transfer_encoding="gzip, chunked"),
    "two lengths": answering(b"RIFF", content_length="4\r\ncontent-length: 5"),
    "no length at all": answering(b"RIFF", content_length="-1"),
    "cut short": sending(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this"),
    "no HTTP": sending(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    "headers without end": endless(b"HTTP/1.1 200 OK\r\n", b"x: " + b"a" * 1000 + b"\r\n"),
}


@pytest.mark.parametrize("what", GIVES_NOTHING)
async def test_answers_that_give_nothing(web: Web, what: str) -> None:
    """NET-002: a 400 of the caller's and never a 500; no text names an address (ERR-020)."""
    with pytest.raises(FetchFailed) as failed:
        await web.get(GIVES_NOTHING[what])
    assert "127.0.0.1" not in failed.value.message


TOO_MUCH: dict[str, Answer] = {
    "announced": endless(b"HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n", b""),
    "enormous": endless(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n", b""),
    "endless chunks": endless(CHUNKED, b"100\r\n" + bytes(256) + b"\r\n"),
    "one endless chunk": endless(CHUNKED + b"ffffffff\r\n", bytes(256)),
    "until it closes": endless(b"HTTP/1.1 200 OK\r\n\r\n", bytes(256)),
}


@pytest.mark.parametrize("what", TOO_MUCH)
async def test_too_much(web: Web, what: str) -> None:
    """NET-002, ERR-012: announced or not, no more than the limit is kept."""
    with pytest.raises(TooLarge, match="more than 1000 bytes"):
        await web.get(TOO_MUCH[what])


async def test_the_limit_itself_fits(web: Web) -> None:
    """NET-002: with or without an announced length; what follows a length is not part of the body."""
    exact = bytes(LIMIT)
    assert await web.get(answering(exact)) == exact
    assert await web.get(answering(exact, content_length=None)) == exact
    assert await web.get(answering(bytes(LIMIT + 50), content_length=LIMIT)) == exact


SLOW: dict[str, Answer] = {
    "no answer": endless(b"", b"", 0.01),
    "drip by drip": endless(CHUNKED, b"1\r\nx\r\n", 0.01),
    "headers drip by drip": endless(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n", 0.01),
    "wait for it": endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.01),
}


@pytest.mark.parametrize("what", SLOW)
async def test_too_slow(web: Web, what: str) -> None:
    """NET-002: the time limit is for the whole, so that no byte now and then keeps a fetch alive."""
    with pytest.raises(FetchFailed, match="too long"):
        await web.get(SLOW[what], total_s=IMPATIENT_S)


async def test_a_name_server_that_hangs(web: Web) -> None:
    """NET-002: the time limit covers the look-up, which cannot be interrupted."""
    answered = threading.Event()

    def hang(*_: object) -> list[Any]:
        answered.wait()
        return []

    with pytest.raises(FetchFailed, match="too long"):
        await web.get(answering(b"RIFF"), names=hang, total_s=IMPATIENT_S)
    answered.set()


async def test_nobody_there(web: Web, free_port: Callable[[], int]) -> None:
    """NET-002: an unknown name, a name without an address, and a port that is closed."""
    port = free_port()
    for names in (Names(media_example=[["unknown"]]), Names(media_example=[[]]), web.names):
        fetch = web.fetcher(port, names=names)
        with pytest.raises(FetchFailed):
            await fetch.get(f"http://{HOST}:{port}/", limit_bytes=LIMIT, schemes=HTTP)
