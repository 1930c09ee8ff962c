"""One generation: its steps happen in threads of CTranslate2, its pieces are read in the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from concurrent.futures import Executor
from time import monotonic

from deployments.llm.embedded.answer import Choice, Piece
from deployments.llm.embedded.ctranslate2_model import EmbeddedModel, Sampling
from deployments.llm.embedded.request import Asked
from deployments.llm.embedded.steps import Step
from serve_app.engines import Usage

PACE_S = 0.01
"""Between two parts of a stream: the model makes a thousand tokens in a second, and each part costs the front
more than a token costs the model."""


class Generation:
    """The choices of one request, as they come about."""

    def __init__(self, model: EmbeddedModel, prompt: list[str], how: Sampling, asked: Asked) -> None:
        self._model, self._prompt, self._how = model, prompt, how
        self._choices = [Choice(index, model, asked) for index in range(asked.n or 1)]
        self._pieces: asyncio.Queue[Piece | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._aborted = False
        self._last_step = monotonic()

    @property
    def usage(self) -> Usage:
        return Usage(len(self._prompt), sum(choice.tokens for choice in self._choices))

    @property
    def silent_s(self) -> float:
        """Seconds since the last step."""
        return monotonic() - self._last_step

    async def run(self, threads: Executor) -> AsyncGenerator[list[Piece], None]:
        """The pieces that are ready, in groups. Closing it ends the generation within one token."""
        work = self._loop.run_in_executor(threads, self._generate)
        work.add_done_callback(lambda _: self._pieces.put_nowait(None))
        try:
            while pieces := await self._ready():
                yield pieces
                await asyncio.sleep(PACE_S)
            await work
        finally:
            self._aborted = True
            await asyncio.wait({work})
            if not work.cancelled():
                work.exception()  # nobody is left to hear it

    async def _ready(self) -> list[Piece]:
        """Waits for the first; empty when the work has ended."""
        found = [await self._pieces.get()]
        while found[-1] is not None and not self._pieces.empty():
            found.append(self._pieces.get_nowait())
        if found[-1] is None and len(found) > 1:
            self._pieces.put_nowait(None)
        return [piece for piece in found if piece is not None]

    def _generate(self) -> None:
        self._model.generate(self._prompt, len(self._choices), self._how, self._step)

    def _step(self, step: Step) -> bool:
        """Called in a thread of CTranslate2; True ends the choice."""
        self._last_step = monotonic()
        piece = self._choices[step.choice].add(step)
        if piece.text or piece.reason:
            self._loop.call_soon_threadsafe(self._pieces.put_nowait, piece)
        return self._aborted or piece.reason is not None
