"""`/api/llm/v1` over the wire, with scripted models: RT-06, RT-07, LLM-001..010, ERR-005/008/017."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serve_app.api.llm import answers
from serve_app.auth import Policy
from serve_app.engines import ChatPart, ChatRequest, Usage
from serve_app.errors import EngineUnavailable, GenerationFailed, InvalidRequest, Saturated, StoreUnavailable
from serve_app.limits import Limits
from tests.api.llm_api import CHAT, MODELS, LlmApi, llm_api
from tests.conftest import eventually
from tests.engines.llm.tiny_chat import chunk
from tests.fakes import HELLO, ScriptedChat, team_with_key

BODY: dict[str, Any] = {"model": "qwen3-4b", "messages": [{"role": "user", "content": "Say hello."}]}
STREAM = {**BODY, "stream": True}
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(["seed", "tools", "request", "model_dump", "__class__", "stream_options"]) | st.text()
bodies = values | st.builds(
    lambda rest, known: {**rest, **known},
    st.dictionaries(names, values, max_size=4),
    st.fixed_dictionaries(
        {"messages": st.just(BODY["messages"]) | st.lists(st.dictionaries(st.text(), values)) | values},
        optional={
            "model": st.just("qwen3-4b") | values,
            "stream": st.booleans() | values,
            "n": st.integers(-1, 10) | values,
        },
    ),
)


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[LlmApi]:
    async with llm_api(tmp_path) as api:
        yield api


@pytest.fixture
async def wired(tmp_path: Path) -> AsyncIterator[LlmApi]:
    """On a real port: that parts leave one by one, and that a client leaves, is up to a server."""
    async with llm_api(tmp_path, on_a_port=True) as api:
        yield api


def events(content: str) -> list[str]:
    """The data of each event; every event ends with an empty line."""
    *all_events, rest = content.split("\n\n")
    assert rest == ""
    assert all(event.startswith("data: ") for event in all_events)
    return [event.removeprefix("data: ") for event in all_events]


def is_openais(answer: httpx.Response, status: int, code: str, kind: str) -> str:
    """The message of an error in OpenAI's shape."""
    error = answer.json()["error"]
    assert answer.status_code == status
    assert answer.headers["x-request-id"]
    assert (error["code"], error["type"], error["param"]) == (code, kind, None)
    return str(error["message"])


async def test_models(live: LlmApi) -> None:
    """RT-06, RT-43, LLM-002, LLM-008: JSON 8 with `created` and the length of the context."""
    entry = {"id": "qwen3-4b", "object": "model", "created": 1_700_000_000, "owned_by": "kaleidovid-local"}
    entry = {**entry, "max_model_len": 4096}
    for path in (MODELS, f"{MODELS}/"):
        assert (await live.http.get(path)).json() == {"object": "list", "data": [entry]}
    assert (await live.http.get(f"{MODELS}/qwen3-4b")).json() == entry
    is_openais(await live.http.get(f"{MODELS}/org/other"), 404, "model_not_found", "invalid_request_error")


async def test_models_come_and_go(live: LlmApi) -> None:
    """LLM-002, LLM-004: one that is added while the front runs is listed and answers; one that is down is not
    listed."""
    live.models.chats["aya"] = ScriptedChat("aya")
    live.later()
    assert [model["id"] for model in (await live.http.get(MODELS)).json()["data"]] == ["aya", "qwen3-4b"]
    assert (await live.http.post(CHAT, json={**BODY, "model": "aya"})).status_code == 200
    live.models.chats.clear()
    live.later()
    assert (await live.http.get(MODELS)).json()["data"] == []


async def test_the_owner_is_configured(tmp_path: Path) -> None:
    """LLM-002."""
    async with llm_api(tmp_path, llm_owned_by="a-school") as api:
        listed = (await api.http.get(MODELS)).json()["data"]
    assert [model["owned_by"] for model in listed] == ["a-school"]


async def test_a_chat(live: LlmApi) -> None:
    """RT-07, LLM-003, QUO-014: the engine's own JSON, and its tokens counted."""
    answer = await live.http.post(CHAT, json={**BODY, "temperature": 0.4, "max_tokens": 256})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-ratelimit-limit"] == "100"
    assert answer.json()["choices"][0]["message"]["content"] == "".join(HELLO)
    assert await live.used() == (9, 3)


async def test_what_the_engine_gets(live: LlmApi) -> None:
    """LLM-006, LLM-009, ERR-021: every field as it came but for nulls, known here or not, and whose."""
    asked = {
        **BODY,
        "temperature": 0,
        "top_p": 0.1,
        "seed": 12345678901234567890,
        "stop": ["\n", "สวัสดี"],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"a": None}}},
        "n": 2,
        "stream_options": {"include_usage": True},
        "model_dump": [1.5, {"deep": [True]}],
    }
    await live.http.post(CHAT, json={**asked, "stream": True})
    await live.http.post(CHAT, json={**asked, "stream": None, "top_k": None})
    assert live.chat.asked == [ChatRequest("qwen3-4b", asked, stream, live.team) for stream in (True, False)]


async def test_a_stream(live: LlmApi) -> None:
    """LLM-006, QUO-014: the engine's chunks unchanged, then the end; nothing on the way keeps them back."""
    answer = await live.http.post(CHAT, json=STREAM)
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-accel-buffering"] == "no"
    assert events(answer.text) == [*map(chunk, HELLO), "[DONE]"]
    assert await live.used() == (9, 3)


async def test_chunks_that_came_together_leave_together(wired: LlmApi) -> None:
    """LLM-006: in one write; each is an event of its own."""
    wired.chat.script = [[ChatPart((chunk("a"), chunk("b"))), ChatPart((chunk("c"),), Usage(1, 3))]]
    wired.chat.parts_before = 1
    wired.chat.open.clear()
    async with wired.http.stream("POST", CHAT, json=STREAM) as answer:
        parts = answer.aiter_text()
        assert events(await anext(parts)) == [chunk("a"), chunk("b")]
        wired.chat.open.set()
        assert events("".join([part async for part in parts])) == [chunk("c"), "[DONE]"]


async def test_the_first_chunk_is_sent_while_the_second_is_made(wired: LlmApi) -> None:
    """LLM-006: a stream."""
    wired.chat.parts_before = 1
    wired.chat.open.clear()
    async with wired.http.stream("POST", CHAT, json=STREAM) as answer:
        assert events(await anext(answer.aiter_text())) == [chunk(HELLO[0])]
        assert wired.chat.given == 1
        wired.chat.open.set()


@pytest.mark.parametrize("body", [BODY, STREAM])
async def test_leaving_before_the_first_part(wired: LlmApi, body: dict[str, Any]) -> None:
    """LLM-010: while it waits for a place, or its prompt is read: the engine is told."""
    wired.chat.open.clear()
    leaving = asyncio.ensure_future(wired.http.post(CHAT, json=body))
    await eventually(lambda: wired.chat.asked)
    leaving.cancel()
    await eventually(lambda: wired.chat.aborted == 1)


async def test_leaving_in_the_middle(wired: LlmApi) -> None:
    """LLM-010, QUO-014: the generation is aborted; what was told of its usage counts."""
    wired.chat.script = [[ChatPart((chunk("a"),), Usage(7, 1)), ChatPart((chunk("b"),), Usage(7, 2))]]
    wired.chat.parts_before = 1
    wired.chat.open.clear()
    async with wired.http.stream("POST", CHAT, json=STREAM) as answer:
        await anext(answer.aiter_text())
    await eventually(lambda: wired.chat.aborted == 1)

    async def counted() -> bool:
        return await wired.used() == (7, 1)

    await eventually(counted)


async def test_usage_that_nobody_told(live: LlmApi) -> None:
    """QUO-014: of an engine that tells at the end only, the chunks after the opening one are counted."""
    live.chat.script = [[*(ChatPart((chunk(text),)) for text in ("", "a", "b")), GenerationFailed()]]
    await live.http.post(CHAT, json=STREAM)
    assert await live.used() == (0, 2)


async def test_a_reader_that_stops(wired: LlmApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """LLM-009, LLM-010: does not keep its place in the engine."""
    monkeypatch.setattr(answers, "STUCK_S", 0.1)
    long = ChatPart((chunk("x" * 100_000),))
    wired.chat.script = [[long] * 1000]
    async with wired.http.stream("POST", CHAT, json=STREAM):
        await eventually(lambda: wired.chat.aborted == 1)
    assert wired.chat.given < 1000


@pytest.mark.parametrize("body", [BODY, STREAM])
@pytest.mark.parametrize(
    ("failure", "status", "code", "kind"),
    [
        (InvalidRequest("temperature: too hot."), 400, "invalid_request", "invalid_request_error"),
        (EngineUnavailable(), 503, "engine_unavailable", "server_error"),
        (GenerationFailed(), 500, "generation_failed", "server_error"),
    ],
)
async def test_a_failure_before_the_first_part(
    live: LlmApi, body: dict[str, Any], failure: Exception, status: int, code: str, kind: str
) -> None:
    """LLM-005, LLM-006, LLM-007, ERR-005, ERR-017: has its own status, streamed or not."""
    live.chat.script = [[failure]]
    assert is_openais(await live.http.post(CHAT, json=body), status, code, kind) == str(failure)


@pytest.mark.parametrize("body", [BODY, STREAM])
async def test_saturated(live: LlmApi, body: dict[str, Any]) -> None:
    """LLM-005, LLM-009, ERR-008, QUO-007: 429, and when to come back."""
    refusal = Saturated()
    refusal.retry_after_s = 7
    live.chat.script = [[refusal]]
    answer = await live.http.post(CHAT, json=body)
    is_openais(answer, 429, "saturated", "rate_limit_error")
    assert answer.headers["retry-after"] == "7"


async def test_a_failure_on_the_way(live: LlmApi) -> None:
    """LLM-006: an `error` event in OpenAI's shape, and no `[DONE]`."""
    live.chat.script = [[ChatPart((chunk("a"),)), GenerationFailed()]]
    answer = await live.http.post(CHAT, json=STREAM)
    first, last, rest = answer.text.split("\n\n")
    assert (first, rest) == (f"data: {chunk('a')}", "")
    name, data = last.split("\n")
    assert name == "event: error"
    assert json.loads(data.removeprefix("data: "))["error"]["code"] == "generation_failed"


async def test_unknown_models(live: LlmApi) -> None:
    """LLM-007: 404, and the message names what there is."""
    answer = await live.http.post(CHAT, json={**BODY, "model": "gpt-5"})
    assert "qwen3-4b" in is_openais(answer, 404, "model_not_found", "invalid_request_error")


async def test_a_promised_model_that_is_down(live: LlmApi) -> None:
    """LLM-005, ERR-005: is a 503, whether that is known already or shows in the call."""
    live.models.chats.clear()
    for _ in range(2):
        answer = await live.http.post(CHAT, json=BODY)
        is_openais(answer, 503, "engine_unavailable", "server_error")
        assert answer.headers["retry-after"] == "1"
        live.later()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"messages": BODY["messages"]}, "model"),
        ({**BODY, "model": 5}, "model"),
        ({"model": "qwen3-4b"}, "messages"),
        ({**BODY, "messages": []}, "messages"),
        ({**BODY, "messages": "hello"}, "messages"),
        ({**BODY, "messages": ["hello"]}, "messages.0"),
        ({**BODY, "stream": "yes"}, "stream"),
        ({**BODY, "n": 0}, "n:"),
        ({**BODY, "n": 1.0}, "n:"),
        ({**BODY, "n": 9}, "n:"),
        ([BODY], "body"),
    ],
)
async def test_bad_bodies(live: LlmApi, body: Any, field: str) -> None:
    """LLM-007: 400 that names the field; the engine is not asked."""
    answer = await live.http.post(CHAT, json=body)
    assert field in is_openais(answer, 400, "invalid_request", "invalid_request_error")
    assert not live.chat.asked


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=bodies)
async def test_any_json(live: LlmApi, body: Any) -> None:
    """LLM-006, LLM-007, ERR-017: is answered or refused in form; the engine gets what is answered whole."""
    live.chat.asked.clear()
    live.later()  # another minute, so that the team has requests left
    answer = await live.http.post(CHAT, json=body)
    if answer.status_code == 200:
        (asked,) = live.chat.asked
        given = {name: value for name, value in body.items() if value is not None}
        assert asked.body == {name: value for name, value in given.items() if name != "stream"}
    elif answer.status_code == 404:
        is_openais(answer, 404, "model_not_found", "invalid_request_error")
    else:
        is_openais(answer, 400, "invalid_request", "invalid_request_error")


async def test_no_json_and_too_much_of_it(live: LlmApi) -> None:
    """LLM-007, ERR-012, ERR-013, ERR-017: in OpenAI's shape too."""
    broken = await live.http.post(CHAT, content=b"{", headers={"content-type": "application/json"})
    is_openais(broken, 400, "invalid_request", "invalid_request_error")
    text = await live.http.post(CHAT, content=json.dumps(BODY), headers={"content-type": "text/plain"})
    is_openais(text, 415, "unsupported_media_type", "invalid_request_error")
    huge = {**BODY, "messages": [{"role": "user", "content": "x" * 2_000_000}]}
    is_openais(await live.http.post(CHAT, json=huge), 413, "too_large", "invalid_request_error")


@pytest.mark.parametrize(("method", "path"), [("GET", MODELS), ("GET", f"{MODELS}/x"), ("POST", CHAT)])
async def test_without_a_key(live: LlmApi, method: str, path: str) -> None:
    """LLM-005, KEY-007, KEY-010: 401 in OpenAI's shape, before the body is looked at."""
    live.http.headers.pop("authorization")
    answer = await live.http.request(method, path)
    is_openais(answer, 401, "unauthorized", "invalid_request_error")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_the_teams_own_limit(live: LlmApi) -> None:
    """ERR-014, QUO-011: the request bucket counts here as well, and its 429 says when to come back."""
    _, key = await team_with_key(live.backends, Policy(requests_per_minute=1))
    statuses = [
        (await live.http.post(CHAT, json=BODY, headers={"x-api-key": key})).status_code for _ in range(2)
    ]
    assert statuses == [200, 429]
    refused = await live.http.get(MODELS, headers={"x-api-key": key})
    is_openais(refused, 429, "rate_limited", "rate_limit_error")
    assert int(refused.headers["retry-after"]) >= 1


async def test_an_answer_outlives_the_books(live: LlmApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """QUO-014: an answer that was made is given, also when its usage cannot be written down."""

    async def away(*_: object, **__: object) -> float:
        raise StoreUnavailable

    monkeypatch.setattr(Limits, "record_usage", away)
    assert (await live.http.post(CHAT, json=BODY)).status_code == 200
    assert events((await live.http.post(CHAT, json=STREAM)).text)[-1] == "[DONE]"
