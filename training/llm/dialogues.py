"""Dialogues put together from topics: one to six turns, some with a system prompt."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from training.llm.draws import FOLLOWING, everyday, everywhere, joined, slots_of
from training.llm.grammar import read, sloppily
from training.llm.held_out import is_held_out
from training.llm.people import some_name
from training.llm.tables import FOLDER, LANGUAGES, Slots
from training.llm.topics import Topic, groups, named, topics

SHARES = {"arithmetic": 0.23, "words": 0.36, "small_talk": 0.2, "unknown": 0.06, "api": 0.15}
OFTEN = 7
"""Times that a topic marked `often` comes for each of another one: it has a thousand things to learn."""
TURNS = (1, 1, 1, 1, 2, 2, 3, 4, 5, 6)
FEMININE = re.compile(r"ค่ะ|คะ(?![ก-๙])")


@dataclass
class Turn:
    topic: str
    group: str
    language: str
    """Of the answer."""
    ask: str
    say: str
    right: list[str]
    """All that could have been said."""
    held_out: bool


@dataclass
class Dialogue:
    """What has been said, and what it means for what follows."""

    draw: random.Random
    language: str
    polite: str
    """How a Thai user ends sentences: nothing, `ครับ` or `ค่ะ`."""
    answers_in: str = ""
    """A language that the system prompt asks for."""
    system: str = ""
    name: str = ""
    turns: list[Turn] = field(default_factory=list)
    last: Mapping[str, str] = field(default_factory=dict)

    def say(self, topic: Topic) -> None:
        asked, spoken = self.language, self.answers_in or self.language
        slots = self._slots(topic)
        ask = self._question(topic, slots[asked])
        self.last = slots[asked]
        filled = slots[spoken] | self._answer_particles(ask)
        right = [read(template, filled, self.draw) for template in topic.says[spoken]]
        held_out = is_held_out(topic, ask, slots["en"])
        self.turns.append(
            Turn(topic.name, topic.group, spoken, ask, self.draw.choice(right), right, held_out)
        )

    def _question(self, topic: Topic, slots: dict[str, str]) -> str:
        used = self.polite if self.polite == "ค่ะ" or self.draw.random() < 0.6 else ""
        particles = {"p": used, "q": "คะ" if used == "ค่ะ" else used}
        template = self.draw.choice(topic.asks[self.language])
        return sloppily(read(template, slots | particles, self.draw), self.draw)

    def _answer_particles(self, ask: str) -> dict[str, str]:
        """The user's own form of politeness comes back; `ครับ` without one."""
        said = " ".join([turn.ask for turn in self.turns] + [ask])
        return {"p": "ค่ะ", "q": "คะ"} if FEMININE.search(said) else {"p": "ครับ", "q": "ครับ"}

    def _slots(self, topic: Topic) -> Slots:
        if topic.after:
            own = FOLLOWING[topic.draw](self.draw, self.last, self.language)
        else:
            own = slots_of(topic.draw, self.draw)
        if not self.name or "remembers" in topic.marks or topic.group == "arithmetic":
            name = some_name(self.language, self.draw)
        else:
            name = self.name
        if "remembers" in topic.marks:
            self.name = name
        return joined(everyday(self.draw), own, everywhere(name=name))


@cache
def _systems() -> tuple[tuple[str, str], ...]:
    lines = (FOLDER / "systems.txt").read_text(encoding="utf-8").splitlines()
    return tuple((head, text) for head, _, text in (line.partition(" ") for line in lines))


def _may_follow(topic: Topic, dialogue: Dialogue) -> bool:
    if topic.name == "unknown_name":
        return not dialogue.name
    if dialogue.answers_in not in ("", dialogue.language) and topic.draw.startswith(("translate", "spell")):
        return False
    return "needs_name" not in topic.marks or bool(dialogue.name)


def _next_topic(dialogue: Dialogue) -> Topic:
    draw = dialogue.draw
    before = dialogue.turns[-1].topic if dialogue.turns else ""
    following = [topic for topic in topics() if topic.after and topic.after == before]
    if following and dialogue.last and dialogue.answers_in in ("", dialogue.language) and draw.random() < 0.4:
        return following[0]
    if not dialogue.turns and draw.random() < 0.12:
        return draw.choice([topic for topic in topics() if "opens" in topic.marks])
    if dialogue.name and draw.random() < 0.2:
        return named("recall_name")
    while True:
        (group,) = draw.choices(list(SHARES), list(SHARES.values()))
        weights = [OFTEN if "often" in topic.marks else 1 for topic in groups()[group]]
        (topic,) = draw.choices(groups()[group], weights)
        if _may_follow(topic, dialogue):
            return topic


def dialogue(draw: random.Random) -> Dialogue:
    """A dialogue; in one of twelve the user changes the language on the way."""
    made = Dialogue(draw, draw.choice(LANGUAGES), draw.choice(("", "ครับ", "ค่ะ")))
    if draw.random() < 1 / 3:
        wanted, made.system = draw.choice(_systems())
        made.answers_in = "" if wanted == "same" else wanted
    turns = draw.choice(TURNS)
    for at in range(turns):
        if at and draw.random() < 0.08:
            made.language, made.last = draw.choice(LANGUAGES), {}
        closing = at == turns - 1 > 0 and draw.random() < 0.25
        made.say(named("goodbye") if closing else _next_topic(made))
    return made
