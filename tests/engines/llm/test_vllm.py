"""The engine on vLLM with a tiny random checkpoint, through the real loading code.

It needs an environment of its own, where `make test-vllm` runs it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from typing import Any

import psutil
import pytest
import pytest_asyncio

pytest.importorskip("vllm", reason="its packages are many and pinned: make test-vllm")

from deployments.llm.vllm import engine as vllm_engine
from deployments.llm.vllm.engine import VllmChat
from deployments.llm.vllm.request import MAX_CHOICES, REFUSED
from deployments.serving.loader import EngineConfigError, load_engine
from serve_app.engines import ChatPart, ChatRequest, Usage
from serve_app.errors import EngineUnavailable, InvalidRequest
from tests.conftest import eventually
from tests.engines.llm.tiny_qwen3 import CONTEXT, build

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    # Three processes import vLLM one after the other.
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("default"),
]
PLACES = 4
ENGINE = "deployments.llm.vllm.engine:VllmChat"
EAGER = {"enforce_eager": True}
NUMBER = {
    "type": "object",
    "properties": {"tone": {"enum": ["low", "high"]}, "count": {"type": "integer", "maximum": 99}},
    "required": ["tone", "count"],
    "additionalProperties": False,
}
TOOLS = [{"type": "function", "function": {"name": name, "parameters": NUMBER}} for name in ("hear", "say")]
NONSENSE = {"name": "nonsense", "schema": {"type": "nonsense"}}
ENDLESS = {"ignore_eos": True, "max_tokens": 900}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> str:
    return build(tmp_path_factory.mktemp("llm") / "tiny-qwen3")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(checkpoint: str) -> AsyncIterator[VllmChat]:
    os.environ["VLLM_CPU_KVCACHE_SPACE"] = "1"  # GiB; on a CPU it takes half of the memory else
    os.environ["VLLM_LOGGING_LEVEL"] = "WARNING"
    loaded = load_engine(ENGINE, {"model": checkpoint, "max_num_seqs": PLACES, "engine": EAGER})
    await loaded.start()
    context = loaded._engine.engine_core.resources.ctx
    yield loaded
    loaded.close()
    context.destroy()  # vLLM leaves it open, which is a warning when it is collected


def asks(text: str = "Hello", *, stream: bool = False, team: str = "", **fields: Any) -> ChatRequest:
    body = {"model": "qwen3-4b", "messages": [{"role": "user", "content": text}], "max_tokens": 12, "seed": 1}
    return ChatRequest("qwen3-4b", body | fields, stream, team)


async def parts_of(engine: VllmChat, request: ChatRequest) -> list[ChatPart]:
    async with aclosing(engine.chat(request)) as parts:
        return [part async for part in parts]


async def chunks_of(engine: VllmChat, request: ChatRequest) -> list[dict[str, Any]]:
    return [json.loads(chunk) for part in await parts_of(engine, request) for chunk in part.chunks]


async def answer(engine: VllmChat, request: ChatRequest) -> dict[str, Any]:
    (completion,) = await chunks_of(engine, request)
    return completion


async def message(engine: VllmChat, request: ChatRequest) -> dict[str, Any]:
    return dict((await answer(engine, request))["choices"][0]["message"])


def processes() -> list[psutil.Process]:
    """Of the engine; vLLM names them so."""
    children = psutil.Process().children(recursive=True)
    return [child for child in children if child.cmdline()[0].startswith("VLLM")]


@contextmanager
def stopped(engine_processes: list[psutil.Process]) -> Iterator[None]:
    for process in engine_processes:
        process.suspend()
    yield
    for process in engine_processes:
        process.resume()


def is_ill(engine: VllmChat) -> bool:
    try:
        engine.check_health()
    except RuntimeError:
        return True
    return False


async def test_an_answer_is_a_chat_completion(engine: VllmChat) -> None:
    """LLM-003: the four fields of the contract are enough, and the answer counts its tokens."""
    request = ChatRequest("qwen3-4b", asks(temperature=0.4).body, stream=False)
    (part,) = await parts_of(engine, request)
    completion = json.loads(part.chunks[0])
    assert completion["object"] == "chat.completion"
    assert completion["model"] == "qwen3-4b"
    assert completion["choices"][0]["message"]["role"] == "assistant"
    used = completion["usage"]
    assert part.usage == Usage(used["prompt_tokens"], used["completion_tokens"])
    assert 0 < used["completion_tokens"] <= 12


async def test_a_stream_says_the_same(engine: VllmChat) -> None:
    """LLM-006: chunk by chunk as in one piece, for the same seed."""
    whole = await answer(engine, asks())
    chunks = await chunks_of(engine, asks(stream=True))
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert deltas[0]["role"] == "assistant"
    assert (
        "".join(delta.get("content") or "" for delta in deltas) == whole["choices"][0]["message"]["content"]
    )
    assert chunks[-1]["choices"][0]["finish_reason"] == whole["choices"][0]["finish_reason"]


@pytest.mark.parametrize("asked", [True, False])
async def test_a_stream_counts_its_tokens(engine: VllmChat, asked: bool) -> None:
    """LLM-006: always for us; for the caller, in a chunk of its own, when the caller asked."""
    request = asks(stream=True, stream_options={"include_usage": asked})
    parts = await parts_of(engine, request)
    (whole,) = await parts_of(engine, asks())
    assert parts[-1].usage == whole.usage
    told = [chunk for part in parts for chunk in part.chunks if json.loads(chunk).get("usage")]
    assert len(told) == asked


async def test_the_parameters_of_openai_reach_the_engine(engine: VllmChat) -> None:
    """LLM-006: n, stop, logprobs, max_tokens, temperature and seed."""
    two = await answer(engine, asks(n=2, seed=3))
    texts = [choice["message"]["content"] for choice in two["choices"]]
    assert len(set(texts)) == 2
    first = texts[0]
    assert (await answer(engine, asks(n=2, seed=3)))["choices"][0]["message"]["content"] == first
    stopped = (await answer(engine, asks(n=2, seed=3, stop=[first[4]])))["choices"][0]
    assert stopped["message"]["content"] == first[: first.index(first[4])]
    assert stopped["finish_reason"] == "stop"
    likely = (await answer(engine, asks(logprobs=True, top_logprobs=2, temperature=0)))["choices"][0]
    spoken = likely["logprobs"]["content"]
    assert all(token["logprob"] == token["top_logprobs"][0]["logprob"] for token in spoken)
    short = await answer(engine, asks(max_tokens=3, ignore_eos=True))
    assert short["usage"]["completion_tokens"] == 3
    assert short["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize("stream", [True, False])
async def test_a_json_schema_is_enforced(engine: VllmChat, stream: bool) -> None:
    """LLM-006: a model that knows nothing still answers in the form asked for."""
    wanted = {"type": "json_schema", "json_schema": {"name": "tone", "schema": NUMBER}}
    chunks = await chunks_of(engine, asks(stream=stream, response_format=wanted, max_tokens=300))
    said = [choice.get("message", choice.get("delta")) for chunk in chunks for choice in chunk["choices"]]
    found = json.loads("".join(piece.get("content") or "" for piece in said))
    assert found["tone"] in ("low", "high")
    assert isinstance(found["count"], int)


async def test_a_tool_is_called(engine: VllmChat) -> None:
    """LLM-006: any of them when one is required, or the one that is named, with arguments of its form."""
    named = {"type": "function", "function": {"name": "say"}}
    for choice, names in (("required", {"hear", "say"}), (named, {"say"})):
        said = await message(engine, asks(tools=TOOLS, tool_choice=choice, max_tokens=400))
        call = said["tool_calls"][0]
        assert call["function"]["name"] in names
        assert json.loads(call["function"]["arguments"])["tone"] in ("low", "high")


async def test_tools_and_their_results_reach_the_template(engine: VllmChat) -> None:
    """LLM-006: they make the prompt longer, and a model that calls none just answers."""
    call = {"id": "1", "type": "function", "function": {"name": "hear", "arguments": '{"count": 1}'}}
    history = [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "heard"},
    ]
    lengths = [
        (await answer(engine, asks(**fields)))["usage"]["prompt_tokens"]
        for fields in ({}, {"tools": TOOLS}, {"tools": TOOLS, "messages": history})
    ]
    assert lengths == sorted(set(lengths))


async def test_the_model_does_not_think_unless_asked(engine: VllmChat) -> None:
    """LLM-006: the empty thought of Qwen3's template stands in the prompt, 19 bytes and two tags."""
    plain, thinking = [
        await answer(engine, asks(chat_template_kwargs=fields)) for fields in ({}, {"enable_thinking": True})
    ]
    assert plain["choices"][0]["message"]["content"]
    assert plain["usage"]["prompt_tokens"] > thinking["usage"]["prompt_tokens"]
    # Nothing ended its thought, so all of it is one.
    assert thinking["choices"][0]["message"]["content"] is None
    assert thinking["choices"][0]["message"]["reasoning"]


@pytest.mark.parametrize("thinking", [True, False])
async def test_reasoning_tokens(engine: VllmChat, monkeypatch: pytest.MonkeyPatch, thinking: bool) -> None:
    """LLM-006: the usage of a stream tells them, and they are counted once, not with each chunk."""
    parser = engine._serving.parser_cls.__base__  # type: ignore[union-attr]
    counted: list[tuple[int, int]] = []

    def count(self: Any, token_ids: Any, original: Any = parser.count_reasoning_tokens) -> int:
        counted.append((len(token_ids), int(original(self, token_ids))))
        return counted[-1][1]

    monkeypatch.setattr(parser, "count_reasoning_tokens", count)
    options = {"chat_template_kwargs": {"enable_thinking": thinking}, "ignore_eos": True}
    chunks = await chunks_of(engine, asks(stream=True, stream_options={"include_usage": True}, **options))
    used = chunks[-1]["usage"]
    told = used["completion_tokens"], used["completion_tokens_details"]["reasoning_tokens"]
    assert counted == [told]
    assert bool(told[1]) is thinking


async def test_a_developer_is_the_system(engine: VllmChat) -> None:
    """LLM-003: OpenAI's newer name for the same message."""
    said = [
        await message(
            engine, asks(messages=[{"role": role, "content": "Be"}, {"role": "user", "content": "Hi"}])
        )
        for role in ("developer", "system")
    ]
    assert said[0] == said[1]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"messages": []}, "messages: a list of at least one"),
        ({"messages": "Hello"}, "messages: a list of at least one"),
        ({"messages": ["Hello"]}, r"messages\[0\]: an object"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, r"messages\[0\]\.role: one of system"),
        ({"messages": [{"role": "user"}]}, r"messages\[0\]\.content: a text"),
        (
            {"messages": [{"role": "user", "content": "x" * CONTEXT}]},
            f"messages: .*context length is {CONTEXT}",
        ),
        ({"max_tokens": CONTEXT + 1}, "^max_tokens.* cannot be greater"),
        ({"max_tokens": 0}, "^max_tokens: an integer from 1"),
        ({"max_completion_tokens": -1}, "^max_completion_tokens: an integer from 1"),
        ({"max_tokens": 2**64}, "^max_tokens: a number of 64 bits"),
        ({"thinking_token_budget": 10**30}, "^thinking_token_budget: a number of 64 bits"),
        ({"seed": -(10**30)}, "^seed: a number of 64 bits"),
        ({"seed": 2**63}, "^seed: a number of 64 bits"),
        ({"repetition_penalty": 1e-45}, "^repetition_penalty: a number from"),
        ({"temperature": float("inf")}, "^temperature"),
        ({"max_tokens": "lots"}, "^max_tokens: .*integer"),
        ({"temperature": -1}, "^temperature must be non-negative, got -1.0.$"),
        ({"temperature": "hot"}, "^temperature: .*number"),
        ({"top_p": 7}, "^top_p must be"),
        ({"top_logprobs": 99, "logprobs": True}, "^top_logprobs: .*99"),
        ({"logit_bias": {"99999": 1}}, "^logit_bias: .*99999"),
        ({"n": MAX_CHOICES + 1}, "^n: an integer"),
        ({"n": "2"}, "^n: an integer"),
        ({"stop": 5}, "^stop: Input should be a valid string or a valid list"),
        ({"stop": ["a", 5]}, r"^stop\[1\]: Input should be a valid string"),
        ({"stop": [""]}, "^stop"),
        ({"response_format": "json"}, "^response_format: Input should be an object"),
        ({"response_format": {"type": "xml"}}, r"^response_format\.type: Input should be 'text'"),
        ({"response_format": {"type": "json_schema"}}, "^response_format: "),
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "a", "schema": {"type": "b"}},
                }
            },
            "^response_format: ",
        ),
        ({"tools": []}, "^tools: "),
        ({"tools": [{}]}, r"^tools\[0\]\.function: Field required"),
        ({"tool_choice": "required"}, "^tool_choice: "),
    ],
)
async def test_a_faulty_field_is_named(
    engine: VllmChat, fields: dict[str, Any], says: str, stream: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """LLM-007, ERR-020: in words for the caller, and without filling the log."""
    logging.getLogger("vllm").addHandler(caplog.handler)
    with pytest.raises(InvalidRequest, match=says) as refused:
        await parts_of(engine, asks(**fields, stream=stream))
    for internal in ("Error", "Param", "parameter=", "__", "/"):
        assert internal not in refused.value.message.removeprefix("response_format: Grammar error")
    logging.getLogger("vllm").removeHandler(caplog.handler)
    assert not caplog.records
    assert engine.running() == 0


@pytest.mark.parametrize("field", REFUSED)
async def test_what_reaches_further_than_the_request_is_refused(engine: VllmChat, field: str) -> None:
    """LLM-006: fields of vLLM that OpenAI does not have."""
    with pytest.raises(InvalidRequest, match=f"^{field}: cannot be set"):
        await parts_of(engine, asks(**{field: "x"}))


PICTURE = {"type": "image_url", "image_url": {"url": "http://127.0.0.1:9/x.png"}}


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ({"role": "user", "content": [PICTURE]}, r"\.content\[0\]\.type: The model cannot take pictures"),
        ({"role": "user", "content": [{"type": "text"}]}, r"\.content\[0\]\.text: a text"),
        ({"role": "user", "content": [5]}, r"\.content\[0\]: an object"),
        ({"role": "user", "content": None}, r"\.content: a text"),
        ({"role": "assistant", "tool_calls": 5}, r"\.tool_calls: a list"),
        ({"role": "assistant", "tool_calls": [5]}, r"\.tool_calls: a list"),
        ({"role": "assistant", "tool_calls": [{}]}, ": "),
        ({"role": "assistant", "tool_calls": [{"function": {"name": 5}}]}, ": "),
    ],
)
async def test_a_message_is_refused_for_what_is_wrong_in_it(
    engine: VllmChat, message: dict[str, Any], says: str
) -> None:
    """LLM-007, LLM-015, ERR-024: no URL in a message is fetched."""
    with pytest.raises(InvalidRequest, match=r"^messages(\[1\])?" + says):
        await parts_of(engine, asks(messages=[{"role": "user", "content": "Hello"}, message]))


@pytest.mark.parametrize("turn", [{"content": None}, {"tool_calls": []}])
async def test_an_assistant_may_say_nothing(engine: VllmChat, turn: dict[str, Any]) -> None:
    """LLM-015: a turn without a content is an empty one."""
    question = {"role": "user", "content": "Hello"}
    said = [
        await answer(engine, asks(messages=[question, {"role": "assistant", **each}, question]))
        for each in (turn, {"content": ""})
    ]
    assert said[0]["usage"]["prompt_tokens"] == said[1]["usage"]["prompt_tokens"]
    assert said[0]["choices"][0]["message"] == said[1]["choices"][0]["message"]


async def test_each_choice_has_its_likelihoods(engine: VllmChat) -> None:
    """LLM-013: streamed or not."""
    wanted = {"n": 2, "logprobs": True, "top_logprobs": 1}
    whole = (await answer(engine, asks(**wanted)))["choices"]
    chunks = await chunks_of(engine, asks(**wanted, stream=True))
    for index, choice in enumerate(whole):
        told = choice["logprobs"]["content"]
        pieces = [each for chunk in chunks for each in chunk["choices"] if each["index"] == index]
        streamed = [each for piece in pieces if piece["logprobs"] for each in piece["logprobs"]["content"]]
        # vLLM's streams leave out tokens that end in no character.
        assert streamed
        assert [each for each in told if each in streamed] == streamed


@pytest.mark.parametrize("fields", [{"temperature": 1e-38}, {"top_p": 1e-300}, {"top_p": 5e-324}])
async def test_a_number_so_small_is_greedy(engine: VllmChat, fields: dict[str, Any]) -> None:
    """LLM-014: as it would be for exact numbers."""
    said = [await message(engine, asks(**each)) for each in (fields, {"temperature": 0})]
    assert said[0] == said[1]


@pytest.mark.parametrize("top_k", [5000, 2**63, 10**4000])
async def test_more_than_all_tokens_are_all(engine: VllmChat, top_k: int) -> None:
    """LLM-014: `top_k` beyond the vocabulary cuts nothing off."""
    assert await message(engine, asks(top_k=top_k)) == await message(engine, asks())


async def test_teams_do_not_share_what_is_cached(engine: VllmChat) -> None:
    """LLM-006: how soon an answer comes tells nothing about other teams' prompts."""
    text = "the same long prompt " * 20
    used = [(await answer(engine, asks(text, team=team)))["usage"] for team in ("a", "a", "b")]
    first, again, other = ((usage["prompt_tokens_details"] or {}).get("cached_tokens") for usage in used)
    assert not first
    assert again > 200
    assert not other


@pytest.mark.parametrize("stream", [True, False])
async def test_leaving_aborts_the_generation(engine: VllmChat, stream: bool) -> None:
    """LLM-010: between two parts as in the middle of a wait, and the place is free again."""
    request = asks(stream=stream, **ENDLESS)
    reader = asyncio.create_task(parts_of(engine, request))
    await eventually(lambda: engine.running() == 1)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    await eventually(lambda: engine.running() == 0)


async def test_closing_a_stream_aborts_it(engine: VllmChat) -> None:
    """LLM-010, QUO-014: a gateway closes what its caller left, and knows what was used until then."""
    parts = engine.chat(asks(stream=True, **ENDLESS))
    used = [(await anext(parts)).usage for _ in range(3)]
    whole = await answer(engine, asks())
    assert {usage.prompt_tokens for usage in used if usage} == {whole["usage"]["prompt_tokens"]}
    counts = [usage.completion_tokens for usage in used if usage]
    assert 0 < counts[0] < counts[1] < counts[2]
    assert engine.running() == 1
    await parts.aclose()
    await eventually(lambda: engine.running() == 0)


async def test_generations_run_together(engine: VllmChat) -> None:
    """LLM-009: as many at once as there are places."""
    streams = [engine.chat(asks(stream=True, **ENDLESS)) for _ in range(PLACES)]
    for stream in streams:
        await anext(stream)
    assert engine.running() == PLACES == engine.places
    for stream in streams:
        await anext(stream)
        await stream.aclose()


async def test_the_card_says_what_runs(engine: VllmChat) -> None:
    """ASR-002: with the length of the context."""
    assert engine.card.impl == "vllm:tiny-qwen3"
    assert engine.card.context_tokens == CONTEXT
    assert not engine.card.embedded


async def test_a_folder_without_a_checkpoint_is_told_plainly() -> None:
    """A configuration row that cannot work stops the replica with a sentence for the operator."""
    with pytest.raises(EngineConfigError, match=r"there is no nowhere/config\.json"):
        load_engine(ENGINE, {"model": "nowhere"})


async def test_one_that_hangs_is_unhealthy(engine: VllmChat, monkeypatch: pytest.MonkeyPatch) -> None:
    """ERR-005: an engine that has work and makes no step is replaced; an idle one makes none either."""
    monkeypatch.setattr(vllm_engine, "HANGS_AFTER_S", 0.5)
    stream = engine.chat(asks(stream=True, **ENDLESS))
    await anext(stream)
    engine.check_health()
    with stopped(processes()):
        await eventually(lambda: is_ill(engine))
    await stream.aclose()
    await eventually(lambda: not is_ill(engine))


async def test_its_death_is_told(engine: VllmChat) -> None:
    """ERR-005: to those who wait, to those who come, and to who looks after it. The last test: it kills."""
    waiting = [asyncio.create_task(parts_of(engine, asks(stream=way, **ENDLESS))) for way in (True, False)]
    await eventually(lambda: engine.running() == 2)
    for process in processes():
        process.kill()
    for reader in waiting:
        with pytest.raises(EngineUnavailable):
            await reader
    with pytest.raises(EngineUnavailable):
        await parts_of(engine, asks())
    assert is_ill(engine)
