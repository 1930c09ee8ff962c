"""What is talked about: `topics/*.txt`, each topic with its questions and answers in three languages.

A topic begins with `== name`, then marks: `opens` and `closes` a dialogue, `remembers` a name, `needs_name`,
`often`, `draw=add` for its slots, `after=add` for one that only follows another. `th<` is something a user
says in Thai, `th>` an answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from training.llm.tables import FOLDER, LANGUAGES


@dataclass
class Topic:
    group: str
    name: str
    marks: frozenset[str]
    draw: str = ""
    after: str = ""
    asks: dict[str, list[str]] = field(default_factory=lambda: {code: [] for code in LANGUAGES})
    says: dict[str, list[str]] = field(default_factory=lambda: {code: [] for code in LANGUAGES})


def _topic(group: str, heading: str) -> Topic:
    name, *marks = heading.split()
    settings = dict(mark.split("=", 1) for mark in marks if "=" in mark)
    return Topic(group, name, frozenset(mark for mark in marks if "=" not in mark), **settings)


@cache
def topics() -> tuple[Topic, ...]:
    found: list[Topic] = []
    for path in sorted((FOLDER / "topics").glob("*.txt")):
        for line in filter(None, path.read_text(encoding="utf-8").splitlines()):
            if line.startswith("=="):
                found.append(_topic(path.stem, line.removeprefix("==")))
                continue
            head, text = line[:3], line[4:]
            (found[-1].asks if head[2] == "<" else found[-1].says)[head[:2]].append(text)
    return tuple(found)


@cache
def groups() -> dict[str, tuple[Topic, ...]]:
    """Topics that may come at any time, by file."""
    free = [topic for topic in topics() if not topic.after and not topic.marks & {"opens", "closes"}]
    return {group: tuple(t for t in free if t.group == group) for group in {t.group for t in free}}


def named(name: str) -> Topic:
    return next(topic for topic in topics() if topic.name == name)
