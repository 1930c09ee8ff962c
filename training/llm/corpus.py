"""Writes the dialogues: `python -m training.llm.corpus --out DIR`.

`train.jsonl` holds dialogues whose questions are all trained on, `held_out.jsonl` dialogues whose last
question never is. Lines: `system`, `turns` as in `dialogues.Turn`.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from training.llm.dialogues import Dialogue, dialogue


def trained(seed: int) -> Iterator[Dialogue]:
    draw = random.Random(seed)
    while True:
        made = dialogue(draw)
        if not any(turn.held_out for turn in made.turns):
            yield made


def kept_apart(seed: int) -> Iterator[Dialogue]:
    """Each dialogue up to its first question that is held out."""
    draw = random.Random(seed)
    while True:
        made = dialogue(draw)
        ends = next((at for at, turn in enumerate(made.turns, 1) if turn.held_out), 0)
        if ends:
            del made.turns[ends:]
            yield made


def line(made: Dialogue) -> str:
    return json.dumps(
        {"system": made.system, "turns": [asdict(turn) for turn in made.turns]}, ensure_ascii=False
    )


def write(path: Path, dialogues: Iterator[Dialogue], count: int) -> None:
    """Different dialogues only."""
    seen: set[str] = set()
    while len(seen) < count:
        seen.add(line(next(dialogues)))
    path.write_text("\n".join(sorted(seen)) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--train", type=int, default=150_000)
    parser.add_argument("--held-out", type=int, default=4_000)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    wanted.out.mkdir(parents=True, exist_ok=True)
    write(wanted.out / "train.jsonl", trained(wanted.seed), wanted.train)
    write(wanted.out / "held_out.jsonl", kept_apart(wanted.seed + 1), wanted.held_out)


if __name__ == "__main__":
    main()
