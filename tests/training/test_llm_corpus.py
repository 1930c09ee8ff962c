"""The dialogues that the embedded language model learns from."""

from __future__ import annotations

import random
import re
from itertools import islice

import pytest

from training.llm.corpus import kept_apart, trained
from training.llm.dialogues import FEMININE, Dialogue, Turn
from training.llm.grammar import read
from training.llm.tables import LANGUAGES
from training.llm.topics import topics

COUNT = 1500
LEFT_OVER = re.compile(r"\{\w+\}|\|")
SUM = re.compile(r"(\d+) ([+x-]) (\d+) = (\d+)")
COMPUTE = {"+": int.__add__, "-": int.__sub__, "x": int.__mul__}


@pytest.fixture(scope="module")
def dialogues() -> list[Dialogue]:
    return list(islice(trained(seed=5), COUNT))


@pytest.fixture(scope="module")
def turns(dialogues: list[Dialogue]) -> list[Turn]:
    return [turn for dialogue in dialogues for turn in dialogue.turns]


def test_choices_lie_in_one_another() -> None:
    """LLM-003: and brackets without a choice are text."""
    draw = random.Random(1)
    readings = {read("[a|b[c|]] {Name} [DONE]", {"name": "x"}, draw) for _ in range(50)}
    assert readings == {"a X [DONE]", "b X [DONE]", "bc X [DONE]"}


def test_every_topic_speaks_three_languages() -> None:
    """LLM-003: it can be asked and answered in each."""
    assert all(topic.asks[code] and topic.says[code] for topic in topics() for code in LANGUAGES)


def test_nothing_is_left_unfilled(turns: list[Turn]) -> None:
    """LLM-003: no slot and no choice reaches the model."""
    assert not [turn for turn in turns if LEFT_OVER.search(turn.ask + turn.say)]


def test_sums_are_right(turns: list[Turn]) -> None:
    """LLM-003: every one that is written down, within 0 to 144."""
    found = [match for turn in turns for match in SUM.findall(turn.say)]
    assert len(found) > COUNT / 4
    assert all(COMPUTE[sign](int(a), int(b)) == int(c) >= 0 for a, sign, b, c in found)


def test_an_answer_is_polite_in_one_way(turns: list[Turn]) -> None:
    """LLM-003: as a man or as a woman, and in Thai always."""
    thai = [turn.say for turn in turns if turn.language == "th"]
    assert all(("ครับ" in said) != bool(FEMININE.search(said)) for said in thai)


def test_held_out_questions_are_never_trained_on(turns: list[Turn]) -> None:
    """LLM-003: in no dialogue, neither as the last nor on the way."""
    asked = {(turn.topic, turn.ask.lower().rstrip("?.!")) for turn in turns}
    apart = [dialogue.turns[-1] for dialogue in islice(kept_apart(seed=6), COUNT // 5)]
    assert not asked & {(turn.topic, turn.ask.lower().rstrip("?.!")) for turn in apart}


def test_a_name_comes_back(dialogues: list[Dialogue]) -> None:
    """LLM-003: the one that was told last."""
    asked = 0
    for dialogue in dialogues:
        for at, turn in enumerate(dialogue.turns):
            if turn.topic == "recall_name":
                told = [each for each in dialogue.turns[:at] if each.topic == "greeting_with_name"]
                assert turn.say.rstrip(".").split()[-1 if turn.language != "th" else -2] in told[-1].ask
                asked += 1
    assert asked > 10
