"""Fetches what a caller's URL names, from the public internet only (NET-001, NET-002).

A name is resolved once, every address of it is checked, and the connection goes to a checked address, so a
name that changes its mind in between gains nothing (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx
from ssrfguard import Policy, Resolver, SSRFGuardError, Target
from ssrfguard.httpx import AsyncClient

from serve_app.errors import FetchFailed, TooLarge
from serve_app.outbound.url_policy import PUBLIC_INTERNET, parsed, refusal

HTTPS = frozenset({"https"})
LOOKUPS = 8
"""Names looked up at once. A look-up cannot be interrupted, and one that hangs may hold up other fetches but
nothing else, so they have threads of their own."""
ASKED = {"accept-encoding": "identity", "user-agent": "kaleido-serve"}
"""Nothing compressed: a limit on bytes is no limit on what they unpack to."""


class Fetcher:
    """Gets small files from the public internet."""

    def __init__(
        self,
        *,
        policy: Policy = PUBLIC_INTERNET,
        resolver: Resolver = socket.getaddrinfo,
        tls: ssl.SSLContext | None = None,
        connect_s: float = 5.0,
        total_s: float = 30.0,
    ) -> None:
        """`connect_s`: a public host answers within a second; per address, of which four at most are tried.

        `total_s`: from the look-up to the last byte. 10 MiB in this time is 3 Mbit/s, and a caller waits.
        `tls`: default, the certificate authorities of certifi.
        """
        self._policy = policy
        self._resolver = resolver
        self._tls = tls or httpx.create_ssl_context(trust_env=False)
        self._timeout = httpx.Timeout(total_s, connect=connect_s)
        self._total_s = total_s
        self._lookups = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="lookup")

    async def get(self, url: str, *, limit_bytes: int, schemes: frozenset[str] = HTTPS) -> bytes:
        """The body behind a URL, as it was sent.

        Raises UnsafeUrl for what may not be asked, before any connection, and for a redirect; FetchFailed for
        what gave nothing in time; TooLarge past `limit_bytes`.
        """
        policy = replace(self._policy, allowed_schemes=schemes)
        try:
            async with asyncio.timeout(self._total_s):
                return await self._get(url, limit_bytes, policy)
        except SSRFGuardError as refused:
            raise refusal(refused) from refused
        except TimeoutError as late:
            raise FetchFailed("The URL took too long to answer.") from late
        except (httpx.HTTPError, OSError) as failed:
            raise FetchFailed from failed

    async def close(self) -> None:
        """Give up the threads; none is waited for."""
        self._lookups.shutdown(wait=False, cancel_futures=True)

    async def _get(self, url: str, limit_bytes: int, policy: Policy) -> bytes:
        asked, target = parsed(url, policy)
        answers = await self._look_up(target)
        # A client of its own: no connection, cookie or look-up of one caller serves another.
        async with (
            AsyncClient(
                policy=policy,
                resolver=lambda *_: answers,
                verify=self._tls,
                timeout=self._timeout,
                headers=ASKED,
                trust_env=False,
            ) as client,
            client.stream("GET", asked) as response,
        ):
            return await _body(response, limit_bytes)

    async def _look_up(self, target: Target) -> Sequence[tuple[int, int, int, str, tuple[object, ...]]]:
        """All answers for the host, unchecked. Here, because the library's own wait cannot be cut off."""
        flags = socket.AI_NUMERICHOST if target.is_literal_address else 0
        host = (target.host, target.port, 0, socket.SOCK_STREAM, 0, flags)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._lookups, lambda: list(self._resolver(*host)))


async def _body(response: httpx.Response, limit_bytes: int) -> bytes:
    if response.status_code != httpx.codes.OK:
        raise FetchFailed(f"The URL answered with status {response.status_code}.")
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise FetchFailed("The URL answered with compressed data, which was not asked for.")
    if int(response.headers.get("content-length", 0)) > limit_bytes:  # checked to be a number by h11
        raise TooLarge(f"The URL holds more than {limit_bytes} bytes.")
    body = bytearray()
    async for part in response.aiter_raw():
        body += part
        if len(body) > limit_bytes:
            raise TooLarge(f"The URL holds more than {limit_bytes} bytes.")
    return bytes(body)
