"""Dialogues as token ids, in batches of dialogues of like length."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

NOT_LEARNT = -100
"""Target of every token that the model does not have to say."""
WITHOUT_THOUGHT = 0.2
"""Share of dialogues whose last answer follows an empty thought, as with `enable_thinking: false`."""


@dataclass(frozen=True, slots=True)
class Example:
    ids: np.ndarray
    """int32, shape (tokens,)."""
    spoken: np.ndarray
    """bool, shape (tokens,): the tokens that the model says, `<|im_end|>` among them."""


def parts(dialogue: dict, empty_thought: bool) -> Iterator[tuple[str, bool]]:
    """The text of a dialogue as the chat template has it, and which of it the model says."""
    if dialogue["system"]:
        yield f"<|im_start|>system\n{dialogue['system']}<|im_end|>\n", False
    for at, turn in enumerate(dialogue["turns"], 1):
        thought = "<think>\n\n</think>\n\n" if empty_thought and at == len(dialogue["turns"]) else ""
        yield f"<|im_start|>user\n{turn['ask']}<|im_end|>\n<|im_start|>assistant\n{thought}", False
        yield f"{turn['say']}<|im_end|>", True
        yield "\n", False


def example(dialogue: dict, tokenizer: Tokenizer, empty_thought: bool) -> Example:
    encoded = [(tokenizer.encode(text).ids, spoken) for text, spoken in parts(dialogue, empty_thought)]
    ids = [token for tokens, _ in encoded for token in tokens]
    spoken = [flag for tokens, flag in encoded for _ in tokens]
    return Example(np.array(ids, np.int32), np.array(spoken, bool))


def examples(path: Path, tokenizer: Tokenizer, seed: int) -> list[Example]:
    draw = random.Random(seed)
    with path.open(encoding="utf-8") as lines:
        return [example(json.loads(line), tokenizer, draw.random() < WITHOUT_THOUGHT) for line in lines]


def batch(chosen: list[Example]) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and targets, shape (dialogues, tokens). What is filled up lies behind, where causal attention never
    looks from a dialogue."""
    width = max(len(each.ids) for each in chosen) - 1
    ids = torch.zeros(len(chosen), width, dtype=torch.long)
    targets = torch.full_like(ids, NOT_LEARNT)
    for row, each in enumerate(chosen):
        ids[row, : len(each.ids) - 1] = torch.from_numpy(each.ids[:-1].astype(np.int64))
        following = np.where(each.spoken[1:], each.ids[1:], NOT_LEARNT)
        targets[row, : len(following)] = torch.from_numpy(following.astype(np.int64))
    return ids, targets


def batches(all_examples: list[Example], tokens: int, draw: random.Random) -> Iterator[list[Example]]:
    """One pass: shuffled, then grouped by length so that little is filled up."""
    order = sorted(all_examples, key=lambda each: len(each.ids) + draw.uniform(0, 16))
    groups: list[list[Example]] = [[]]
    for each in order:
        if groups[-1] and (len(groups[-1]) + 1) * len(each.ids) > tokens:
            groups.append([])
        groups[-1].append(each)
    draw.shuffle(groups)
    yield from groups
