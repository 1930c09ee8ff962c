"""One chat with a language model, and what it used."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from uuid import uuid4

from serve_app.core.usage import COMPLETION_TOKENS, PROMPT_TOKENS
from serve_app.engines import ChatModel, ChatPart, ChatRequest, Usage
from serve_app.errors import StoreUnavailable
from serve_app.limits import Limits

log = logging.getLogger(__name__)


async def chat(model: ChatModel, request: ChatRequest, limits: Limits) -> AsyncGenerator[ChatPart, None]:
    """The answer, part by part. Closing it aborts the generation; what was used until then counts (QUO-014).

    Raises what the model raises.
    """
    used, chunks = None, 0
    try:
        async with aclosing(model.chat(request)) as parts:
            async for part in parts:
                used, chunks = part.usage or used, chunks + len(part.chunks)
                yield part
    finally:
        # An engine may tell at the end only; until then a chunk is a token, but for the one that opens.
        counted = used or Usage(0, max(0, chunks - 1))
        await asyncio.shield(asyncio.ensure_future(_record(limits, request.team, counted)))


async def _record(limits: Limits, team: str, used: Usage) -> None:
    """An answer that was given is not taken back because nobody could write it down."""
    amounts = {PROMPT_TOKENS: used.prompt_tokens, COMPLETION_TOKENS: used.completion_tokens}
    try:
        for product, tokens in amounts.items():
            if tokens:
                await limits.record_usage(team, product, tokens, job=str(uuid4()))
    except StoreUnavailable:
        log.warning("the usage of a chat was not recorded: %s", amounts)
