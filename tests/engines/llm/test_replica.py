"""The replica of a language model: LLM-009, LLM-010."""

from __future__ import annotations

import asyncio
import logging
import math
import pickle
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from deployments.config import ModelArgs
from deployments.llm import admission as places
from deployments.llm import replica as module
from deployments.llm.replica import ChatReplica
from deployments.local import LocalModels
from serve_app.engines import LLM, ChatPart, ChatRequest
from serve_app.errors import EngineUnavailable, GenerationFailed, InvalidRequest, Saturated
from tests.conftest import eventually
from tests.engines.llm.tiny_chat import BROKEN, ENDLESS, TinyChat

PLACES = 2
Answer = list[ChatPart]


def asking(text: object = "hello there", team: str = "a", *, stream: bool = True) -> ChatRequest:
    return ChatRequest("qwen3-4b", {"messages": [{"role": "user", "content": text}]}, stream, team)


async def answered(replica: ChatReplica, request: ChatRequest) -> Answer:
    return [part async for part in replica.chat(request)]


@pytest.fixture
def engine() -> TinyChat:
    return TinyChat(PLACES)


@pytest.fixture
async def replica(engine: TinyChat) -> AsyncIterator[ChatReplica]:
    """Two places, two seats."""
    built = ChatReplica(engine, ["qwen3-4b"], places=8, waiting=2)
    await built.start()
    yield built
    built.close()


class Crowd:
    """Requests under way, in the order of their arrival."""

    def __init__(self, replica: ChatReplica) -> None:
        self.replica = replica
        self.tasks: dict[str, asyncio.Task[Answer]] = {}

    async def arrive(self, *names: str) -> None:
        """Each asks with its name; the first letter is the team."""
        for name in names:
            self.tasks[name] = asyncio.create_task(answered(self.replica, asking(name, name[0])))
            await asyncio.sleep(0)

    async def refusal(self, name: str) -> Saturated:
        with pytest.raises(Saturated) as refused:
            await self.tasks[name]
        return refused.value


@pytest.fixture
async def crowd(replica: ChatReplica) -> AsyncIterator[Crowd]:
    gathered = Crowd(replica)
    yield gathered
    for task in gathered.tasks.values():
        task.cancel()
    await asyncio.gather(*gathered.tasks.values(), return_exceptions=True)


async def test_an_answer(replica: ChatReplica, engine: TinyChat) -> None:
    """LLM-003, LLM-006: parts as the engine gives them, streamed or whole, and the request as it came."""
    parts = await answered(replica, asking())
    assert [len(part.chunks) for part in parts] == [1, 1]
    (part,) = await answered(replica, asking(stream=False))
    assert '"chat.completion"' in part.chunks[0]
    assert engine.asked == [asking(), asking(stream=False)]
    assert engine.started == 1


async def test_the_card(replica: ChatReplica) -> None:
    """LLM-002, LLM-008: the public id, what runs, how much it reads, and since when."""
    (card,) = await replica.cards()
    assert (card.engine, card.task, card.impl) == ("qwen3-4b", "llm", "tiny-parrot")
    assert card.context_tokens == 1000
    assert card.loaded_at > 0


async def test_no_more_than_the_places(engine: TinyChat, crowd: Crowd) -> None:
    """LLM-009: as many at once as the engine takes, and all come through in the end."""
    engine.gate.clear()
    await crowd.arrive("a1", "a2", "a3", "b1")
    await eventually(lambda: engine.running() == PLACES)
    assert [request.team for request in engine.asked] == ["a", "a"]
    engine.gate.set()
    assert all([len(await task) == 1 for task in crowd.tasks.values()])
    assert len(engine.asked) == 4
    assert await crowd.replica.running() == 0


async def test_a_full_queue_is_answered_at_once(engine: TinyChat, crowd: Crowd) -> None:
    """LLM-009, ERR-008: 429 to whoever finds no seat; nobody hangs."""
    engine.gate.clear()
    await crowd.arrive("a1", "a2", "a3", "b1", "b2")
    assert (await crowd.refusal("b2")).retry_after_s == 1


async def test_a_greedy_team_makes_room(engine: TinyChat, crowd: Crowd) -> None:
    """LLM-009: its newest is refused, and the other team's is served."""
    engine.gate.clear()
    await crowd.arrive("a1", "a2", "a3", "a4", "b1")
    await crowd.refusal("a4")
    engine.gate.set()
    await crowd.tasks["b1"]


async def test_waiting_has_an_end(engine: TinyChat) -> None:
    """LLM-009: a queue that does not move is answered as well, and the seat is free again."""
    engine.gate.clear()
    replica = ChatReplica(engine, ["qwen3-4b"], places=1, waiting=1, wait_s=0.01)
    crowd = Crowd(replica)
    await crowd.arrive("a1", "a2")
    await crowd.refusal("a2")
    await crowd.arrive("a3")
    await crowd.refusal("a3")
    engine.gate.set()
    await crowd.tasks["a1"]
    assert len(engine.asked) == 1


async def test_when_to_come_back(
    replica: ChatReplica, engine: TinyChat, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LLM-009, QUO-007: as long as those in front will take, judged by the last answers; it survives the way
    between processes."""
    now = 0.0
    monkeypatch.setattr(places, "monotonic", lambda: now)
    async with aclosing(replica.chat(asking())) as answer:
        await anext(answer)
        now = 5.0
    engine.gate.clear()
    await crowd.arrive("a1", "a2", "a3", "a4", "a5")
    refusal = pickle.loads(pickle.dumps(await crowd.refusal("a5")))
    assert refusal.retry_after_s == math.ceil(3 * 5.0 / PLACES)


async def test_who_leaves_while_running_frees_the_place(engine: TinyChat, crowd: Crowd) -> None:
    """LLM-010: the generation is aborted, the next one begins."""
    engine.gate.clear()
    await crowd.arrive("a1", "a2", "a3")
    await eventually(lambda: engine.running() == PLACES)
    crowd.tasks["a1"].cancel()
    await eventually(lambda: len(engine.asked) == 3)
    assert (engine.aborted, engine.running()) == (1, PLACES)


async def test_who_leaves_while_waiting_frees_the_seat(engine: TinyChat, crowd: Crowd) -> None:
    """LLM-010: the engine never hears of it."""
    engine.gate.clear()
    await crowd.arrive("a1", "a2", "a3", "b1")
    crowd.tasks["a3"].cancel()
    await crowd.arrive("c1")
    engine.gate.set()
    assert await crowd.tasks["b1"]
    assert await crowd.tasks["c1"]
    assert [request.team for request in engine.asked] == ["a", "a", "b", "c"]


async def test_a_place_that_comes_to_one_who_just_left(engine: TinyChat, crowd: Crowd) -> None:
    """LLM-009, LLM-010: is passed on, and not lost."""
    engine.gate.clear()
    await crowd.arrive("a1", "a2", "a3", "b1")
    crowd.tasks["a3"].cancel()
    crowd.tasks["a1"].cancel()
    await eventually(lambda: len(engine.asked) == 3)
    engine.gate.set()
    assert await crowd.tasks["b1"]


async def test_closing_a_stream_aborts(replica: ChatReplica, engine: TinyChat) -> None:
    """LLM-010: in the middle of an endless answer."""
    async with aclosing(replica.chat(asking(ENDLESS))) as answer:
        await anext(answer)
        assert await replica.running() == 1
    assert (await replica.running(), engine.aborted) == (0, 1)


async def test_failures(replica: ChatReplica, caplog: pytest.LogCaptureFixture) -> None:
    """LLM-007, ERR-020: what the engine refuses says so; what breaks in it tells callers nothing."""
    with pytest.raises(InvalidRequest, match="content"):
        await answered(replica, asking(5))
    with caplog.at_level(logging.CRITICAL), pytest.raises(GenerationFailed, match="could not be generated"):
        await answered(replica, asking(BROKEN))
    assert await replica.running() == 0


async def test_health(
    replica: ChatReplica, engine: TinyChat, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LLM-005: a replica whose engine is dead, or gives nothing though it has work, is replaced; an idle one
    is well however long it idles."""
    now = 0.0
    monkeypatch.setattr(module, "monotonic", lambda: now)
    now = 10_000.0
    replica.check_health()
    engine.gate.clear()
    await crowd.arrive("a1")
    replica.check_health()
    now += 601.0
    with pytest.raises(RuntimeError, match="601 s"):
        replica.check_health()
    engine.gate.set()
    await crowd.tasks["a1"]
    replica.check_health()
    engine.healthy = False
    with pytest.raises(RuntimeError, match="dead"):
        replica.check_health()


async def test_in_one_process() -> None:
    """RT-07, ERR-005: a row of a config becomes a model that `make dev` finds by its name."""
    row = ModelArgs(task="llm", name="qwen3-4b", engine="tests.engines.llm.tiny_chat:TinyChat")
    models = LocalModels.load([row])
    await models.start()
    model = await models.find(LLM, "qwen3-4b")
    assert len([part async for part in model.chat(asking())]) == 2
    assert [card.task for card in await models.cards()] == ["llm"]
    with pytest.raises(EngineUnavailable):
        await models.find(LLM, "another")
    models.close()
