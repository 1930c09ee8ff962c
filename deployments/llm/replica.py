"""One replica of a language model: many generations at once, in places that teams share fairly."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from time import monotonic, time
from typing import Protocol

from deployments.llm.admission import AdmissionQueue
from serve_app.engines import ChatPart, ChatRequest, EngineCard
from serve_app.errors import GenerationFailed, KaleidoError

PLACES = 32
"""Generations at once, where the engine has as many: past it each one on a 24 GB GPU becomes slow to read."""
WAITING = 64
"""Two rounds of the places: who came later would wait longer than it takes to ask again."""
WAIT_S = 20.0
"""People look away when nothing happens for this long."""
STUCK_AFTER_S = 600.0
"""Longer than a whole answer takes that comes in one part: 8000 tokens at 20 a second are 400 s."""

log = logging.getLogger(__name__)


class ChatEngine(Protocol):
    """What an engine file offers; asynchronous, in the replica's event loop."""

    card: EngineCard
    places: int
    """Generations that run at once."""

    async def start(self) -> None:
        """Become ready, with a first generation: first calls are slow. Called once, before all others."""
        ...

    def chat(self, request: ChatRequest) -> AsyncGenerator[ChatPart, None]:
        """Generate; see `ChatModel`. Closing it aborts (LLM-010)."""
        ...

    def check_health(self) -> None:
        """Raise RuntimeError when the engine is dead or hangs."""
        ...

    def running(self) -> int:
        """Generations in the engine now."""
        ...

    def close(self) -> None:
        """Let go of threads and processes; a second time changes nothing."""
        ...


class ChatReplica:
    """Implements `serve_app.engines.ChatModel` over one engine, with a bounded queue (LLM-009)."""

    def __init__(
        self,
        engine: ChatEngine,
        names: Sequence[str],
        *,
        places: int = PLACES,
        waiting: int = WAITING,
        wait_s: float = WAIT_S,
        stuck_after_s: float = STUCK_AFTER_S,
    ) -> None:
        """`names` are the public model ids. At most `places` requests, and no more than the engine takes at
        once, are in the engine; `waiting` more wait, each at most `wait_s`. An engine that has work and gives
        no part for `stuck_after_s` hangs."""
        self._engine = engine
        card = replace(engine.card, task="llm", loaded_at=int(time()))
        self._cards = tuple(replace(card, engine=name) for name in names)
        self._places = AdmissionQueue(min(places, engine.places), waiting, wait_s)
        self._stuck_after_s = stuck_after_s
        self._last_part = monotonic()

    async def start(self) -> None:
        """Make the engine ready; before the first caller."""
        await self._engine.start()

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatPart, None]:
        """The answer, part by part; closing it frees the place at once. Raises InvalidRequest, Saturated,
        EngineUnavailable and GenerationFailed."""
        async with self._places.place(request.team), aclosing(self._engine.chat(request)) as parts:
            if self._places.taken == 1:
                self._last_part = monotonic()  # an engine without work gave no parts either
            try:
                async for part in parts:
                    self._last_part = monotonic()
                    yield part
            except KaleidoError:
                raise
            except Exception as error:  # an engine is foreign code: this is the edge
                log.error("the engine failed", exc_info=error)
                raise GenerationFailed() from None

    async def cards(self) -> tuple[EngineCard, ...]:
        """What really runs, once for each public id."""
        return self._cards

    async def running(self) -> int:
        """Generations in the engine now."""
        return self._engine.running()

    def check_health(self) -> None:
        """Raise when the engine is dead or hangs, so that the replica is replaced."""
        self._engine.check_health()
        silent_s = monotonic() - self._last_part
        if self._places.taken and silent_s > self._stuck_after_s:
            raise RuntimeError(f"{self._cards[0].impl} has given nothing for {silent_s:.0f} s")

    def close(self) -> None:
        """Let go of the engine."""
        self._engine.close()
