"""What every chat engine must do; an engine's test file calls these on a small model.

A check takes a started engine, and fails with an assertion. `max_tokens` keeps answers short.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk, ChatCompletionTokenLogprob

from deployments.llm.replica import ChatEngine
from serve_app.engines import ChatPart, ChatRequest, Usage
from serve_app.errors import InvalidRequest

SEVERAL = 3


def asks(text: str = "Hello", *, stream: bool = False, **fields: Any) -> ChatRequest:
    body = {"model": "qwen3-4b", "messages": [{"role": "user", "content": text}], "max_tokens": 24}
    return ChatRequest("qwen3-4b", body | fields, stream)


def drawn(seed: int, *, stream: bool = False, **fields: Any) -> ChatRequest:
    """Anything may come: as random as it gets."""
    return asks("Tell me a story", stream=stream, temperature=2.0, seed=seed, **fields)


async def parts_of(engine: ChatEngine, request: ChatRequest) -> list[ChatPart]:
    async with aclosing(engine.chat(request)) as parts:
        return [part async for part in parts]


async def completion(engine: ChatEngine, request: ChatRequest) -> ChatCompletion:
    (part,) = await parts_of(engine, request)
    (text,) = part.chunks
    return ChatCompletion.model_validate_json(text)


async def chunks_of(engine: ChatEngine, request: ChatRequest) -> list[ChatCompletionChunk]:
    parts = await parts_of(engine, request)
    return [ChatCompletionChunk.model_validate_json(text) for part in parts for text in part.chunks]


async def text_of(engine: ChatEngine, request: ChatRequest, choice: int = 0) -> str:
    return (await completion(engine, request)).choices[choice].message.content or ""


def streamed_text(chunks: list[ChatCompletionChunk], choice: int = 0) -> str:
    said = [each.delta for chunk in chunks for each in chunk.choices if each.index == choice]
    return "".join(delta.content or "" for delta in said)


async def an_answer_is_a_chat_completion(engine: ChatEngine) -> None:
    """LLM-003: with the fields of the contract, as OpenAI's own types read it."""
    answer = await completion(engine, asks(temperature=0.4))
    assert answer.object == "chat.completion"
    assert answer.id.startswith("chatcmpl-")
    assert answer.model == "qwen3-4b"
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].finish_reason in ("stop", "length")


async def a_stream_says_the_same(engine: ChatEngine) -> None:
    """LLM-006: chunk by chunk what comes in one piece for the same seed; the role first, the reason last."""
    chunks = await chunks_of(engine, drawn(5, stream=True))
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[0].choices[0].delta.role == "assistant"
    answer = await completion(engine, drawn(5))
    assert streamed_text(chunks) == answer.choices[0].message.content
    reasons = [each.finish_reason for chunk in chunks for each in chunk.choices]
    assert reasons[-1] == answer.choices[0].finish_reason
    assert not any(reasons[:-1])


async def tokens_are_counted(engine: ChatEngine) -> None:
    """LLM-006: in the last part always; for the caller of a stream, in a chunk of its own, when asked."""
    (whole,) = await parts_of(engine, asks())
    used = json.loads(whole.chunks[0])["usage"]
    assert whole.usage == Usage(used["prompt_tokens"], used["completion_tokens"])
    assert used["total_tokens"] == used["prompt_tokens"] + used["completion_tokens"]
    for asked in (True, False):
        parts = await parts_of(engine, asks(stream=True, stream_options={"include_usage": asked}))
        assert parts[-1].usage == whole.usage
        told = [text for part in parts for text in part.chunks if json.loads(text).get("usage")]
        assert len(told) == asked
        assert not asked or json.loads(told[0])["choices"] == []


async def the_same_seed_draws_the_same(engine: ChatEngine) -> None:
    """LLM-006: whatever was drawn in between; another seed draws something else."""
    first, other, again = [await text_of(engine, drawn(seed)) for seed in (7, 8, 7)]
    assert first == again
    assert first != other


async def several_choices_differ(engine: ChatEngine) -> None:
    """LLM-006: `n` answers with their indices; a stream tells them apart."""
    answer = await completion(engine, drawn(9, n=SEVERAL))
    texts = [choice.message.content for choice in answer.choices]
    assert [choice.index for choice in answer.choices] == list(range(SEVERAL))
    assert len(set(texts)) == SEVERAL
    chunks = await chunks_of(engine, drawn(9, n=SEVERAL, stream=True))
    assert [streamed_text(chunks, index) for index in range(SEVERAL)] == texts


async def a_stop_ends_the_answer(engine: ChatEngine) -> None:
    """LLM-006: the stop itself is not told, in one piece or streamed, wherever tokens end in it."""
    text = await text_of(engine, drawn(11))
    for start in range(1, len(text) - 2, 5):
        stop = text[start : start + 3]
        cut = text[: text.index(stop)]
        answer = await completion(engine, drawn(11, stop=["never said", stop]))
        assert answer.choices[0].message.content == cut
        assert answer.choices[0].finish_reason == "stop"
        assert streamed_text(await chunks_of(engine, drawn(11, stop=stop, stream=True))) == cut


async def max_tokens_bounds_the_answer(engine: ChatEngine) -> None:
    """LLM-003: under both of its names."""
    for name in ("max_tokens", "max_completion_tokens"):
        answer = await completion(engine, asks("Hello", **{"max_tokens": None, name: 2}))
        assert answer.choices[0].finish_reason == "length"
        assert answer.usage is not None
        assert answer.usage.completion_tokens == 2


async def likelihoods_are_told(engine: ChatEngine) -> None:
    """LLM-006: the likeliest token is the one that is taken, and the bytes of all are the text."""
    answer = (await completion(engine, asks(temperature=0, logprobs=True, top_logprobs=2))).choices[0]
    assert answer.logprobs is not None
    spoken = answer.logprobs.content or []
    assert all(token.logprob == token.top_logprobs[0].logprob <= 0 for token in spoken)
    assert all(len(token.top_logprobs) == 2 for token in spoken)
    assert said_by(spoken).startswith(answer.message.content or "")


async def likelihoods_of_several_choices(engine: ChatEngine) -> None:
    """LLM-013: each choice has those of its own tokens; wanting them changes no text, and a stream tells the
    same ones."""
    wanted = {"n": SEVERAL, "logprobs": True, "top_logprobs": 1}
    answer = await completion(engine, drawn(9, **wanted))
    chunks = await chunks_of(engine, drawn(9, **wanted, stream=True))
    assert [choice.index for choice in answer.choices] == list(range(SEVERAL))
    for index, choice in enumerate(answer.choices):
        assert choice.message.content == await text_of(engine, drawn(9, n=SEVERAL), index)
        spoken = choice.logprobs and choice.logprobs.content
        assert spoken
        assert said_by(spoken).startswith((choice.message.content or "").replace("\ufffd", ""))
        streamed = [each for chunk in chunks for each in chunk.choices if each.index == index]
        assert [
            token for each in streamed if each.logprobs for token in each.logprobs.content or []
        ] == spoken
        assert [each.finish_reason for each in streamed][-1] == choice.finish_reason


def said_by(tokens: Sequence[ChatCompletionTokenLogprob]) -> str:
    """Bytes that are no characters are left out."""
    return b"".join(bytes(token.bytes or []) for token in tokens).decode(errors="ignore")


async def closing_aborts(engine: ChatEngine) -> None:
    """LLM-010: nothing of it stays in the engine."""
    async with aclosing(engine.chat(drawn(13, stream=True, max_tokens=500))) as parts:
        await anext(parts)
        assert engine.running() == 1
    assert engine.running() == 0


async def malformed_messages_are_refused(engine: ChatEngine) -> None:
    """LLM-007: before the first part, with a text that begins with the field."""
    for messages in (None, [], "Hello", [{"role": "king", "content": "Hello"}], [{"role": "user"}]):
        with pytest.raises(InvalidRequest, match=r"^messages"):
            await parts_of(engine, asks(messages=messages))


CHECKS: tuple[Callable[[ChatEngine], Awaitable[None]], ...] = (
    an_answer_is_a_chat_completion,
    a_stream_says_the_same,
    tokens_are_counted,
    the_same_seed_draws_the_same,
    several_choices_differ,
    a_stop_ends_the_answer,
    max_tokens_bounds_the_answer,
    likelihoods_are_told,
    likelihoods_of_several_choices,
    closing_aborts,
    malformed_messages_are_refused,
)
"""For `@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)`."""
