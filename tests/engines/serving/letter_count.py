"""A task that the product does not know, in one file: its Protocol, an engine, a replica, and its row."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import Protocol

from deployments.serving.batching import Batcher
from deployments.serving.engine_replica import EngineReplica
from deployments.serving.task_row import Remote, TaskRow
from serve_app.engines import EngineCard, Task
from serve_app.errors import InvalidRequest, KaleidoError

NAME = "tests.engines.serving.letter_count:LETTER_COUNT"


class LetterCounter(Protocol):
    """Counts the letters of texts."""

    async def count(self, text: str) -> int:
        """How many. Raises InvalidRequest for a text without any, EngineUnavailable."""
        ...

    def spell(self, text: str) -> AsyncGenerator[str, None]:
        """One by one. Raises EngineUnavailable."""
        ...


class CountingEngine:
    """Counts one text at a time, as its config row wants it."""

    card = EngineCard("unnamed", "tiny-counter", embedded=True)

    def __init__(self, ignored: str = "") -> None:
        self._ignored = ignored

    def letters(self, text: str) -> str:
        return "".join(letter for letter in text if letter.isalpha() and letter not in self._ignored)


class LetterCounterReplica(EngineReplica[str, int]):
    """Implements `LetterCounter` over one engine."""

    def __init__(self, engine: CountingEngine, names: Sequence[str], *, longest: int = 100) -> None:
        self._engine = engine
        self._longest = longest
        batcher: Batcher[str, int] = Batcher(self._count, failure=KaleidoError)
        super().__init__([replace(engine.card, engine=name) for name in names], NAME, batcher, 60.0)

    async def count(self, text: str) -> int:
        return (await self._batcher.submit(text))[0]

    async def spell(self, text: str) -> AsyncGenerator[str, None]:
        for letter in self._engine.letters(text):
            yield letter

    def _count(self, texts: Sequence[str]) -> list[int]:
        if not all(0 < len(text) <= self._longest for text in texts):
            raise InvalidRequest(f"text: It may have 1 to {self._longest} characters.")
        return [len(self._engine.letters(text)) for text in texts]


class RemoteLetterCounter:
    """Implements `LetterCounter` over replicas elsewhere."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    async def count(self, text: str) -> int:
        return int(await self._remote.call("count", text, timeout_s=5.0))

    def spell(self, text: str) -> AsyncGenerator[str, None]:
        return self._remote.stream("spell", text, patience_s=5.0)


COUNT: Task[LetterCounter] = Task(NAME)
LETTER_COUNT = TaskRow(COUNT, LetterCounterReplica, RemoteLetterCounter, lambda replica: 5)
