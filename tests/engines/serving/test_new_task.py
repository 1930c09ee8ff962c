"""A task that the product does not know is served by a config row alone (RT-44)."""

from __future__ import annotations

import pytest

from deployments.config import ModelArgs, build_replica
from deployments.local import LocalModels
from deployments.serving.loader import EngineConfigError
from deployments.tasks import TASKS, row_of
from serve_app.engines import ASR
from serve_app.errors import EngineUnavailable, InvalidRequest
from tests.engines.serving.letter_count import COUNT, LETTER_COUNT, NAME

ROW = ModelArgs(
    task=NAME,
    name="thai-letters",
    engine="tests.engines.serving.letter_count:CountingEngine",
    options={"ignored": "x"},
    replica={"longest": 9},
)


async def test_in_one_process() -> None:
    """RT-44: built, bounded, looked up and called as every other task."""
    models = LocalModels.load([ROW])
    await models.start()
    counter = await models.find(COUNT, "thai-letters")
    assert await counter.count("a1b xก") == 3
    assert [letter async for letter in counter.spell("a1b")] == ["a", "b"]
    with pytest.raises(InvalidRequest, match="1 to 9"):
        await counter.count("a" * 10)
    assert [(card.task, card.engine) for card in await models.cards()] == [(NAME, "thai-letters")]
    with pytest.raises(EngineUnavailable):
        await models.find(ASR, "thai-letters")
    models.close()


def test_the_table() -> None:
    """RT-44: our own tasks by name, others by where their row stands."""
    assert [row_of(name).task.name for name in TASKS] == ["asr", "tts", "align", "llm", "video"]
    assert row_of(NAME) is LETTER_COUNT
    assert ROW.application == "letter_count-thai-letters"
    assert row_of("asr").in_flight({"max_batch_items": 2}) == 16
    assert row_of("llm").in_flight({"places": 3, "waiting": 4}) == 71


@pytest.mark.parametrize(
    "task", ["diarize", "tests.engines.serving.letter_count:COUNT", "tests.engines.none:ROW"]
)
def test_a_task_that_is_not_there(task: str) -> None:
    """RT-44: the operator reads which one, when the config is read."""
    with pytest.raises(EngineConfigError, match=task):
        build_replica(ROW.model_copy(update={"task": task}))
