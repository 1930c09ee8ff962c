"""Clients that others wrote, against the running cluster: LLM-001."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openai
import pytest
from langchain_core.messages import HumanMessage
from langchain_openai import ChatOpenAI
from openai import AsyncOpenAI, OpenAI

from tests.clients.node import node_client, seen_by_node
from tests.cluster.running import RunningCluster
from tests.engines.llm.tiny_chat import BROKEN

__all__ = ["node_client"]
ASKED: dict[str, Any] = {"model": "qwen3-4b", "messages": [{"role": "user", "content": "Say hello."}]}


@pytest.fixture
def access(cluster: RunningCluster) -> dict[str, Any]:
    """What a client needs."""
    return {"base_url": f"{cluster.url}/api/llm/v1", "api_key": cluster.key, "max_retries": 0}


def test_openai(access: dict[str, Any]) -> None:
    """LLM-001, LLM-004, LLM-007: models, an answer, a stream, refusals."""
    with OpenAI(**access) as client:
        assert [model.id for model in client.models.list()] == ["qwen3-4b"]
        assert client.chat.completions.create(**ASKED).choices[0].message.content == "Say hello."
        stream = client.chat.completions.create(**ASKED, stream=True)
        assert [part.choices[0].delta.content for part in stream] == ["Say ", "hello. "]
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(**{**ASKED, "model": "gpt-5"})
        with pytest.raises(openai.AuthenticationError):
            client.with_options(api_key="nobody").models.list()


async def test_openai_with_asyncio(access: dict[str, Any]) -> None:
    """LLM-001, LLM-006: a stream that breaks off in the model's process is raised in the caller's."""
    async with AsyncOpenAI(**access) as client:
        messages = [{"role": "user", "content": BROKEN}]
        stream = await client.chat.completions.create(**{**ASKED, "messages": messages}, stream=True)
        with pytest.raises(openai.APIError, match="could not be generated"):
            assert [part.choices[0].delta.content async for part in stream]


async def test_langchain(access: dict[str, Any]) -> None:
    """LLM-001."""
    model = ChatOpenAI(model="qwen3-4b", **access)
    question = [HumanMessage("Say hello.")]
    assert (await model.ainvoke(question)).text == "Say hello."
    assert "".join([part.text async for part in model.astream(question)]) == "Say hello. "


async def test_node(access: dict[str, Any], node_client: Path) -> None:
    """LLM-001, LLM-006."""
    seen = await seen_by_node(node_client, access["base_url"], access["api_key"])
    assert seen["models"] == ["qwen3-4b"]
    assert (seen["whole"], seen["streamed"], seen["left"]) == ("Say hello.", ["Say ", "hello. "], "Say ")
    assert seen["unknown"] == {"name": "NotFoundError", "status": 404, "code": "model_not_found"}
    assert seen["unauthorized"] == {"name": "AuthenticationError", "status": 401, "code": "unauthorized"}
