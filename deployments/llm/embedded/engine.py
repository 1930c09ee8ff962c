"""A language model on a CPU with nothing to download: our own, of three million parameters.

It is a Qwen3 in small, trained on made-up dialogues (`training/llm/`), and says so when asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path

from deployments.llm.embedded.answer import ROLE, Piece, chunks, deltas, messages
from deployments.llm.embedded.ctranslate2_model import CONTEXT, FOLDER, EmbeddedModel, Sampling
from deployments.llm.embedded.generation import Generation
from deployments.llm.embedded.openai_objects import Envelope, counted, delta
from deployments.llm.embedded.request import Asked, asked
from serve_app.engines import ChatPart, ChatRequest, EngineCard
from serve_app.errors import EngineUnavailable, InvalidRequest

HANGS_AFTER_S = 60.0
"""A step takes a few milliseconds, also on a machine that others load."""
GREEDY_BELOW = 1e-5
"""Temperatures that draw the likeliest token alone, as in vLLM: logits divided by less become infinite."""


class EmbeddedChat:
    """Implements `deployments.llm.replica.ChatEngine`."""

    def __init__(
        self, model: str | None = None, *, name: str = "qwen3-4b", places: int = 4, threads: int = 1
    ) -> None:
        """`model` is a folder as `training/llm/export.py` writes it; by default the one that comes along.
        `places` generations run at once, each in `threads` threads."""
        self.places = places
        self.card = EngineCard(
            engine=name,
            impl="kaleido-embedded-qwen3-3m",
            embedded=True,
            languages=("en", "th", "vi"),
            note="Knows small talk, small sums, simple words and this API: for development, not for answers.",
            context_tokens=CONTEXT,
        )
        self._options = (Path(model or FOLDER), threads, places)
        self._threads = ThreadPoolExecutor(places, "embedded-llm")
        self._model: EmbeddedModel | None = None
        self._generations: set[Generation] = set()

    async def start(self) -> None:
        """Load the weights and say a first word, greedily and drawn."""
        loop = asyncio.get_running_loop()
        self._model = await loop.run_in_executor(self._threads, EmbeddedModel, *self._options)
        for temperature in (0.0, 1.0):
            hello = {"messages": [{"role": "user", "content": "Hello"}], "temperature": temperature}
            async for _ in self.chat(ChatRequest(self.card.engine, hello | {"max_tokens": 2}, stream=True)):
                pass

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatPart, None]:
        """Generate. Raises InvalidRequest and EngineUnavailable; closing it aborts within one token."""
        if self._model is None:
            raise EngineUnavailable
        wanted = asked(request.body)
        prompt = self._model.prompt(wanted)
        generation = Generation(self._model, prompt, _sampling(wanted, len(prompt)), wanted)
        envelope = Envelope(request.model, self._model.fingerprint)
        answer = _streamed if request.stream else _whole
        self._generations.add(generation)
        try:
            async with (
                aclosing(generation.run(self._threads)) as groups,
                aclosing(answer(groups, generation, envelope, wanted)) as parts,
            ):
                async for part in parts:
                    yield part
        finally:
            self._generations.discard(generation)

    def check_health(self) -> None:
        """Raise RuntimeError when a generation makes no step."""
        silent_s = max((each.silent_s for each in self._generations), default=0.0)
        if silent_s > HANGS_AFTER_S:
            raise RuntimeError(f"the embedded model has made no step for {silent_s:.0f} s")

    def running(self) -> int:
        """Requests in the engine now."""
        return len(self._generations)

    def close(self) -> None:
        """Let go of the threads, also those of CTranslate2: at the end of a process they would break it."""
        self._model = None
        self._threads.shutdown(wait=False, cancel_futures=True)


Groups = AsyncGenerator[list[Piece], None]


async def _streamed(
    groups: Groups, generation: Generation, envelope: Envelope, wanted: Asked
) -> AsyncGenerator[ChatPart, None]:
    """The roles come with the first text, so that what fails before it has its own status."""
    choices = [delta(index, ROLE) for index in range(wanted.n or 1)]
    async for pieces in groups:
        choices += deltas(pieces, bool(wanted.logprobs))
        yield ChatPart(chunks(envelope, choices, wanted))
        choices = []
    total = envelope.chunk([], usage=counted(generation.usage))
    yield ChatPart((total,) if wanted.wants_usage else (), generation.usage)


async def _whole(
    groups: Groups, generation: Generation, envelope: Envelope, wanted: Asked
) -> AsyncGenerator[ChatPart, None]:
    pieces = [piece async for group in groups for piece in group]
    choices = messages(pieces, bool(wanted.logprobs))
    yield ChatPart((envelope.completion(choices, generation.usage),), generation.usage)


def _sampling(wanted: Asked, prompt_tokens: int) -> Sampling:
    """Raises InvalidRequest for a conversation that leaves no room."""
    room = CONTEXT - prompt_tokens
    if room < 1:
        raise InvalidRequest(
            f"messages: The embedded model takes {CONTEXT} tokens with its answer, not {prompt_tokens}."
        )
    limit = wanted.max_completion_tokens or wanted.max_tokens or room
    temperature = wanted.temperature or 0.0
    return Sampling(
        max_tokens=min(limit, room),
        temperature=0.0 if temperature < GREEDY_BELOW else temperature,
        top_p=wanted.top_p or 1.0,
        top_k=max(0, wanted.top_k or 0),
        seed=wanted.seed,
        logits=bool(wanted.logprobs),
    )
