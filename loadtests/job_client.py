"""What the clients of all jobs have in common: one key, and a clear end when the server refuses."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import httpx

PATIENCE_S = 600.0
"""A job that has not ended by then has failed the run."""


class JobFailed(Exception):
    """The server refused the request or failed on it; the text says why."""


class JobClient:
    """The HTTP client of one key."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        poll_s: float = 0.05,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """A job is looked at every `poll_s` seconds; `transport` reaches an app that no port leads to."""
        self._http = httpx.AsyncClient(
            base_url=url, headers={"x-api-key": key}, timeout=PATIENCE_S, transport=transport
        )
        self._poll_s = poll_s

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def _json(self, method: str, path: str, **given: Any) -> dict[str, Any]:
        return dict((await self._answer(method, path, **given)).json())

    async def _answer(self, method: str, path: str, **given: Any) -> httpx.Response:
        try:
            answer = await self._http.request(method, path, **given)
        except httpx.HTTPError as unreachable:
            raise JobFailed(f"{method} {path}: {type(unreachable).__name__}") from unreachable
        if answer.is_error:
            raise JobFailed(f"{method} {path}: HTTP {answer.status_code} {answer.text}")
        return answer
