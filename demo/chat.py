"""Three questions to the language model, in three languages."""

from __future__ import annotations

import aiohttp

from demo.cluster import DemoFailed, Running
from loadtests.llm.client import Target, ask
from loadtests.report import Cell

MODEL = "qwen3-4b"
QUESTIONS = ("สวัสดีครับ", "What is 7 + 5?", "Bạn là ai?")
HEAD = ("first text ms", "tokens", "tokens / s", "asked", "answered")
TEXTS = (3, 4)


async def ask_all(running: Running) -> list[tuple[Cell, ...]]:
    """A row for each question, below HEAD. Raises DemoFailed."""
    target = Target("demo", f"{running.url}/api/llm/v1", running.key, MODEL)
    async with aiohttp.ClientSession() as http:
        return [await _row(http, target, question) for question in QUESTIONS]


async def _row(http: aiohttp.ClientSession, target: Target, question: str) -> tuple[Cell, ...]:
    answer = await ask(http, target, {"messages": [{"role": "user", "content": question}]})
    if not answer.complete:
        raise DemoFailed(f"the language model did not answer: {answer.status}")
    first = f"{answer.longest_wait_ms:.0f}"
    return first, answer.tokens, round(1000 * answer.tokens / answer.waited_ms), question, answer.text
