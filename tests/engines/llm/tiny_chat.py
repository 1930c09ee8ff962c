"""A tiny language model for tests of what stands around engines: it repeats what was said last."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from serve_app.engines import ChatPart, ChatRequest, EngineCard, Usage
from serve_app.errors import InvalidRequest

FATAL = "die"
"""A message that kills the process."""
BROKEN = "break"
"""A message that makes the engine fail."""
ENDLESS = "endless"
"""A message that is answered with words without an end."""
LENGTH = 10_000
"""Words of such an answer; more than any test reads."""
STEP_S = 0.005
"""Between its words."""


class TinyChat:
    """Answers with the last message, a word at a time; an answer waits while `gate` is not set."""

    def __init__(self, places: int = 2) -> None:
        self.card = EngineCard("unnamed", "tiny-parrot", embedded=True, context_tokens=1000)
        self.places = places
        self.started = 0
        self.asked: list[ChatRequest] = []
        self.aborted = 0
        self.healthy = True
        self.gate = asyncio.Event()
        self.gate.set()
        self._running = 0

    async def start(self) -> None:
        self.started += 1

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatPart, None]:
        self.asked.append(request)
        self._running += 1
        finished = False
        try:
            async for part in self._answer(request):
                yield part
            finished = True
        finally:
            self._running -= 1
            self.aborted += not finished

    async def _answer(self, request: ChatRequest) -> AsyncGenerator[ChatPart, None]:
        said = request.body["messages"][-1]["content"]
        if not isinstance(said, str):
            raise InvalidRequest("messages[0].content: a text.")
        if said == FATAL:
            os._exit(9)
        await self.gate.wait()
        words = ["word"] * LENGTH if said == ENDLESS else said.split()
        if not request.stream and said == ENDLESS:
            await asyncio.sleep(LENGTH * STEP_S)
        if not request.stream:
            yield ChatPart((whole(said),), Usage(len(words), len(words)))
        for number, word in enumerate(words if request.stream else ()):
            yield ChatPart((chunk(f"{word} "),), Usage(len(words), number + 1))
            await asyncio.sleep(STEP_S if said == ENDLESS else 0)
        if said == BROKEN:
            raise ValueError("secret path /somewhere/model.bin")

    def check_health(self) -> None:
        if not self.healthy:
            raise RuntimeError("the parrot is dead")

    def running(self) -> int:
        return self._running

    def close(self) -> None:
        self.healthy = False


def chunk(text: str, **more: Any) -> str:
    """A chunk of a stream."""
    return _json("chat.completion.chunk", {"delta": {"role": "assistant", "content": text}}, more)


def whole(text: str, **more: Any) -> str:
    """A whole answer."""
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return _json("chat.completion", choice, more)


def _json(kind: str, choice: Mapping[str, Any], more: Mapping[str, Any]) -> str:
    choices = [{"index": 0, "finish_reason": None, "logprobs": None, **choice}]
    body = {"id": "chatcmpl-1", "object": kind, "created": 1, "model": "qwen3-4b", "choices": choices}
    return json.dumps({**body, **more}, ensure_ascii=False)
