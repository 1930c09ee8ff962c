"""What vLLM's OpenAI layer answers, as parts of a chat."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing

from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest, ChatCompletionResponse
from vllm.entrypoints.serve.engine.protocol import ErrorResponse
from vllm.v1.engine.async_llm import AsyncLLM

from deployments.llm.vllm.errors import error_in, public_error
from serve_app.engines import ChatPart, Usage

Answer = AsyncGenerator[str, None] | ChatCompletionResponse | ErrorResponse

DATA, END = "data: ", "\n\n"
"""Around the JSON text of a server-sent event."""
DONE = "[DONE]"
FAILED = '{"error"'
"""How the event begins that ends a stream which failed; all others begin with an id."""
TOTAL = '"choices":[]'
"""Stands in the chunk that says how much was used, and in no other: in a text its quotes are escaped."""


async def parts_of(answer: Answer, *, tell_usage: bool) -> AsyncGenerator[ChatPart, None]:
    """The answer, or the chunks of its stream as they come; the last part has the usage.

    Its chunk is passed on with `tell_usage` only. Raises InvalidRequest and GenerationFailed.
    """
    if isinstance(answer, ErrorResponse):
        raise public_error(answer.error)
    if isinstance(answer, ChatCompletionResponse):
        text = answer.model_dump_json()
        yield ChatPart((text,), _usage(text))
        return
    async with aclosing(answer):
        async for event in answer:
            text = event[len(DATA) : -len(END)]
            if text.startswith(FAILED):
                raise error_in(text)
            if TOTAL in text:
                yield ChatPart((text,) if tell_usage else (), _usage(text))
            elif text != DONE:
                yield ChatPart((text,))


def used_so_far(engine: AsyncLLM, completion: ChatCompletionRequest) -> Usage | None:
    """By the choices that are not finished yet, as vLLM counts for itself; None when all are."""
    processor = engine.output_processor
    names = processor.external_req_ids.get(f"chatcmpl-{completion.request_id}", ())
    states = [processor.request_states[name] for name in names]
    generated = sum(state.stats.num_generation_tokens for state in states if state.stats)
    return Usage(states[0].prompt_len, generated) if states else None


def _usage(text: str) -> Usage:
    used = json.loads(text)["usage"]
    return Usage(used["prompt_tokens"], used["completion_tokens"])
