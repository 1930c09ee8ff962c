"""The language models through clients that others wrote: LLM-001, and what they make of our errors."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import openai
import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_openai import ChatOpenAI
from openai import AsyncOpenAI, OpenAI

from serve_app.engines import ChatPart, Usage
from serve_app.errors import (
    EngineUnavailable,
    GenerationFailed,
    InvalidRequest,
    KaleidoError,
    Saturated,
)
from tests.api.llm_api import LlmApi, llm_api
from tests.clients.node import node_client, run, seen_by_node
from tests.conftest import eventually
from tests.engines.llm.tiny_chat import chunk, whole
from tests.fakes import HELLO

__all__ = ["node_client"]
ASKED: dict[str, Any] = {"model": "qwen3-4b", "messages": [{"role": "user", "content": "Say hello."}]}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "ลาว"}'}}
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[LlmApi]:
    async with llm_api(tmp_path, on_a_port=True) as api:
        yield api


@pytest.fixture
async def sdk(live: LlmApi) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(api_key=live.key, base_url=live.base_url, max_retries=0) as client:
        yield client


async def test_models(sdk: AsyncOpenAI) -> None:
    """RT-06, LLM-001, LLM-004, LLM-008: listed and looked up."""
    (model,) = (await sdk.models.list()).data
    assert (model.id, model.created, model.owned_by) == ("qwen3-4b", 1_700_000_000, "kaleidovid-local")
    assert await sdk.models.retrieve("qwen3-4b") == model
    with pytest.raises(openai.NotFoundError):
        await sdk.models.retrieve("org/other")


async def test_whole(sdk: AsyncOpenAI) -> None:
    """RT-07, LLM-001, LLM-003."""
    answer = await sdk.chat.completions.create(**ASKED, temperature=0.4, max_tokens=256)
    assert answer.choices[0].message.content == "".join(HELLO)
    assert answer.usage is not None
    assert answer.usage.total_tokens == 12


async def test_streamed(sdk: AsyncOpenAI) -> None:
    """LLM-001, LLM-006."""
    stream = await sdk.chat.completions.create(**ASKED, stream=True)
    assert [part.choices[0].delta.content async for part in stream] == list(HELLO)


async def test_without_asyncio(live: LlmApi) -> None:
    """LLM-001: the client that most scripts use."""

    def talk() -> tuple[str | None, list[str | None]]:
        with OpenAI(api_key=live.key, base_url=live.base_url) as client:
            answer = client.chat.completions.create(**ASKED).choices[0].message.content
            stream = client.chat.completions.create(**ASKED, stream=True)
            return answer, [part.choices[0].delta.content for part in stream]

    assert await asyncio.to_thread(talk) == ("".join(HELLO), list(HELLO))


async def test_its_stream_helper(live: LlmApi, sdk: AsyncOpenAI) -> None:
    """LLM-001, LLM-006: reads the usage that was asked for."""
    usage = {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}
    total = json.dumps({**json.loads(chunk("")), "choices": [], "usage": usage})
    live.chat.script = [[ChatPart((chunk("a"), total), Usage(9, 1))]]
    async with sdk.chat.completions.stream(**ASKED, stream_options={"include_usage": True}) as stream:
        final = await stream.get_final_completion()
    assert final.choices[0].message.content == "a"
    assert final.usage is not None
    assert final.usage.total_tokens == 10
    assert live.chat.asked[0].body["stream_options"] == {"include_usage": True}


async def test_tools(live: LlmApi, sdk: AsyncOpenAI) -> None:
    """LLM-006: tools go to the engine, and its calls come back, as they are."""
    told = json.loads(whole(""))
    told["choices"][0] |= {"message": {"role": "assistant", "content": None, "tool_calls": [CALL]}}
    live.chat.script = [[ChatPart((json.dumps(told),), Usage(1, 1))]]
    answer = await sdk.chat.completions.create(**ASKED, tools=[TOOL], tool_choice="auto")  # type: ignore[call-overload]
    assert answer.choices[0].message.tool_calls[0].to_dict() == CALL
    assert live.chat.asked[0].body == {**ASKED, "tools": [TOOL], "tool_choice": "auto"}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("failure", "raised"),
    [
        (InvalidRequest("temperature: too hot."), openai.BadRequestError),
        (Saturated(), openai.RateLimitError),
        (EngineUnavailable(), openai.InternalServerError),
        (GenerationFailed(), openai.InternalServerError),
    ],
)
async def test_failures(
    live: LlmApi, sdk: AsyncOpenAI, failure: KaleidoError, raised: type[openai.APIStatusError], stream: bool
) -> None:
    """LLM-001, LLM-005, ERR-017: each is the class that callers catch, with our code."""
    live.chat.script = [[failure]]
    with pytest.raises(raised, match=failure.message) as refusal:
        await sdk.chat.completions.create(**ASKED, stream=stream)
    assert refusal.value.code == failure.code


async def test_refusals(sdk: AsyncOpenAI) -> None:
    """LLM-005, LLM-007, KEY-010: of the front itself."""
    with pytest.raises(openai.NotFoundError) as unknown:
        await sdk.chat.completions.create(**{**ASKED, "model": "gpt-5"})
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError, match="messages"):
        await sdk.chat.completions.create(model="qwen3-4b", messages=[])
    with pytest.raises(openai.AuthenticationError):
        await sdk.with_options(api_key="nobody").models.list()


async def test_it_comes_back_when_told_to(live: LlmApi, sdk: AsyncOpenAI) -> None:
    """LLM-009: the SDK waits for `Retry-After` by itself, and the second try is served."""
    refusal = Saturated()
    refusal.retry_after_s = 1
    live.chat.script = [[refusal]]
    answer = await sdk.with_options(max_retries=1).chat.completions.create(**ASKED)
    assert answer.choices[0].message.content == "".join(HELLO)


async def test_a_failure_on_the_way(live: LlmApi, sdk: AsyncOpenAI) -> None:
    """LLM-006: is raised in the middle of the stream; nobody takes half an answer for the whole."""
    live.chat.script = [[ChatPart((chunk("a"),)), GenerationFailed()]]
    stream = await sdk.chat.completions.create(**ASKED, stream=True)
    assert (await anext(stream)).choices[0].delta.content == "a"
    with pytest.raises(openai.APIError, match="could not be generated"):
        await anext(stream)


async def test_leaving(live: LlmApi, sdk: AsyncOpenAI) -> None:
    """LLM-010: closing the SDK's stream aborts the generation."""
    live.chat.parts_before = 1
    live.chat.open.clear()
    async with await sdk.chat.completions.create(**ASKED, stream=True) as stream:
        await anext(stream)
    await eventually(lambda: live.chat.aborted == 1)


async def test_langchain(live: LlmApi) -> None:
    """LLM-001: LangChain's client, whole, streamed and with a tool."""
    model = ChatOpenAI(model="qwen3-4b", api_key=live.key, base_url=live.base_url, max_retries=0)  # type: ignore[arg-type]
    question = [HumanMessage("Say hello.")]
    answer = await model.ainvoke(question)
    assert isinstance(answer, AIMessage)
    assert answer.text == "".join(HELLO)
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["total_tokens"] == 12
    assert "".join([part.text async for part in model.astream(question)]) == "".join(HELLO)
    await model.bind_tools([TOOL]).ainvoke(question)
    assert live.chat.asked[2].body["tools"] == [TOOL]


async def test_curl(live: LlmApi) -> None:
    """LLM-006: what a shell sees of a stream."""
    if (curl := shutil.which("curl")) is None:
        pytest.skip("curl is not installed")
    headers = ("-H", f"Authorization: Bearer {live.key}", "-H", "content-type: application/json")
    body = json.dumps({**ASKED, "stream": True})
    printed = await run(curl, "-sN", f"{live.base_url}/chat/completions", *headers, "-d", body)
    assert printed == "".join(f"data: {data}\n\n" for data in [*map(chunk, HELLO), "[DONE]"])


async def test_node(live: LlmApi, node_client: Path) -> None:
    """LLM-001, LLM-006, LLM-010: JavaScript sees the same models, answers, streams and errors."""
    hello = [ChatPart((chunk(text),)) for text in HELLO]
    answer = [ChatPart((whole("".join(HELLO)),), Usage(1, 1))]
    endless: Sequence[ChatPart] = hello * 100_000
    live.chat.script = [answer, hello, endless, [hello[0], GenerationFailed()]]
    seen = await seen_by_node(node_client, live.base_url, live.key)
    assert (seen["models"], seen["created"]) == (["qwen3-4b"], 1_700_000_000)
    assert (seen["whole"], seen["streamed"], seen["left"]) == ("".join(HELLO), list(HELLO), HELLO[0])
    assert seen["broken"] == {"name": "APIError", "status": None, "code": "generation_failed"}
    assert seen["unknown"] == {"name": "NotFoundError", "status": 404, "code": "model_not_found"}
    assert seen["invalid"] == {"name": "BadRequestError", "status": 400, "code": "invalid_request"}
    assert seen["unauthorized"] == {"name": "AuthenticationError", "status": 401, "code": "unauthorized"}
    assert live.chat.aborted == 1
    assert live.chat.given < len(endless)
