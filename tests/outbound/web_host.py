"""A host of the public internet, played on loopback: its names, its addresses and its server."""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

from serve_app.outbound.fetch import Fetcher
from serve_app.outbound.url_policy import PUBLIC_INTERNET

HOST = "media.example"
HTTP = frozenset({"http", "https"})
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]
ResolverAnswer = tuple[int, int, int, str, tuple[Any, ...]]


class Names:
    """Answers look-ups: each name gives its lists of addresses in turn, then the last one for ever.

    What is no name of ours is read as glibc reads numbers (`0x7f.1` is 127.0.0.1), and else does not exist.
    """

    def __init__(self, **names: Sequence[Sequence[str]]) -> None:
        self._names = {name.replace("_", "."): list(answers) for name, answers in names.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, *_: object) -> list[ResolverAnswer]:
        self.asked.append(host)
        answers = self._names.get(host, [[host]])
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [row for address in found for row in _numeric(address, port)]


def _numeric(address: str, port: int) -> list[ResolverAnswer]:
    kind, flags = socket.SOCK_STREAM, socket.AI_NUMERICHOST
    return [(*row,) for row in socket.getaddrinfo(address, port, type=kind, flags=flags)]


_connected: list[Any] = []


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        _connected.append(arguments[1])


sys.addaudithook(_audit)


@contextmanager
def connections() -> Iterator[list[Any]]:
    """Every address that anything in this process connects to until the end of the block."""
    _connected.clear()
    yield _connected


def fetcher(names: Names, port: int = 443, **options: Any) -> Fetcher:
    """A fetcher to which 127.0.0.1, on one port, is the public internet, besides the real one."""
    policy = replace(
        PUBLIC_INTERNET, allowed_networks=(ip_network("127.0.0.1/32"),), allowed_ports=frozenset({port})
    )
    return Fetcher(policy=policy, resolver=names, **options)


class WebHost:
    """A server that reads a request and lets the test answer."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._serving: set[asyncio.Task[None]] = set()
        self.requests: list[str] = []
        self.port = 0

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.add(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
                await self._answer(writer)
                await writer.drain()
        finally:
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    async def close(self) -> None:
        """Break off the answers that have no end."""
        for serving in self._serving:
            serving.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)


@asynccontextmanager
async def web_host(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[WebHost]:
    """Serve on a free port until the end of the block."""
    host = WebHost(answer)
    server = await asyncio.start_server(host.accept, "127.0.0.1", 0, ssl=tls)
    host.port = server.sockets[0].getsockname()[1]
    async with server:
        yield host
        await host.close()


def answering(body: bytes, status: str = "200 OK", **headers: object) -> Answer:
    """An ordinary answer; headers are added or replaced, None leaves one out."""
    shown = {"content-length": len(body), **{name.replace("_", "-"): of for name, of in headers.items()}}

    async def answer(writer: asyncio.StreamWriter) -> None:
        lines = [f"{name}: {value}" for name, value in shown.items() if value is not None]
        writer.write("\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode() + body)

    return answer


def endless(head: bytes, part: bytes, pause_s: float = 0.0) -> Answer:
    """An answer that goes on until the client hangs up."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause_s)

    return answer
