"""One streamed chat completion of any OpenAI-compatible server, with the time of each of its chunks."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

DATA = b"data: "
DONE = b"[DONE]"


@dataclass(frozen=True, slots=True)
class Target:
    """Who is asked."""

    name: str
    url: str
    """Base URL, as for an OpenAI client."""
    key: str
    model: str


@dataclass(slots=True)
class Answer:
    """What came, and when."""

    status: int = 0
    """0 when the connection failed."""
    waited_ms: float = 0.0
    """Until the end of the answer, or the refusal."""
    arrivals_ms: list[float] = field(default_factory=list)
    """Of each chunk that has text, since the request."""
    text: str = ""
    tokens: int = 0
    """As the server counts them."""

    @property
    def complete(self) -> bool:
        """Answered to the end."""
        return self.status == 200 and self.tokens > 0

    @property
    def first_token_ms(self) -> float:
        """Time to first token."""
        return self.arrivals_ms[0]

    @property
    def longest_wait_ms(self) -> float:
        """For the first text, or for being refused."""
        return self.first_token_ms if self.arrivals_ms else self.waited_ms

    @property
    def inter_token_ms(self) -> float:
        """Mean pause between two tokens."""
        return (self.arrivals_ms[-1] - self.arrivals_ms[0]) / max(1, self.tokens - 1)


async def ask(http: aiohttp.ClientSession, target: Target, body: Mapping[str, Any]) -> Answer:
    """One answer, streamed. A server that cannot be reached, or that breaks off, gives an incomplete one."""
    answer, started = Answer(), time.perf_counter()

    def elapsed_ms() -> float:
        return (time.perf_counter() - started) * 1000

    wanted = {**body, "model": target.model, "stream": True, "stream_options": {"include_usage": True}}
    headers = {"authorization": f"Bearer {target.key}"}
    try:
        async with http.post(f"{target.url}/chat/completions", json=wanted, headers=headers) as response:
            answer.status = response.status
            if response.status == 200:
                async for line in response.content:
                    _take(answer, line, elapsed_ms())
    except aiohttp.ClientError:
        answer.tokens = 0
    answer.waited_ms = elapsed_ms()
    return answer


def _take(answer: Answer, line: bytes, at_ms: float) -> None:
    if not line.startswith(DATA) or line[len(DATA) :].strip() == DONE:
        return
    chunk = json.loads(line[len(DATA) :])
    if text := "".join(choice["delta"].get("content") or "" for choice in chunk.get("choices", ())):
        answer.arrivals_ms.append(at_ms)
        answer.text += text
    if usage := chunk.get("usage"):
        answer.tokens = usage["completion_tokens"]
