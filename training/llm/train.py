"""Trains the small Qwen3 on the dialogues: `python -m training.llm.train --corpus DIR --model DIR`.

Stops by the clock; the learning rate falls with it. A checkpoint and the held-out loss every five minutes.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch.nn.functional import cross_entropy
from transformers import GenerationConfig, Qwen3Config, Qwen3ForCausalLM

from training.llm.examples import NOT_LEARNT, Example, batch, batches, examples
from training.llm.muon import Muon

TOKENS = 3_000
"""Of one step: time on a CPU allows two to three thousand steps."""
MUON_RATE, ADAM_RATE, WARM_UP_STEPS = 0.02, 3e-3, 60
SAVE_EVERY_S = 300
HELD_OUT = 600
"""Dialogues that the loss is shown for on the way."""


def untrained(tokenizer: Tokenizer) -> Qwen3ForCausalLM:
    """Three million parameters, 0.8 million of them for the vocabulary: about the best size for the few
    million tokens that a CPU sees in 40 minutes."""
    end, pad = tokenizer.token_to_id("<|im_end|>"), tokenizer.token_to_id("<|endoftext|>")
    config = Qwen3Config(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=192,
        intermediate_size=512,
        num_hidden_layers=6,
        num_attention_heads=6,
        num_key_value_heads=2,
        head_dim=32,
        max_position_embeddings=1024,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
        tie_word_embeddings=True,
        eos_token_id=end,
        pad_token_id=pad,
        bos_token_id=None,
        use_cache=False,
    )
    model = Qwen3ForCausalLM(config)
    model.generation_config = GenerationConfig(eos_token_id=end, pad_token_id=pad)
    return model


def loss_of(model: Qwen3ForCausalLM, chosen: list[Example]) -> torch.Tensor:
    """Mean cross entropy of the tokens that are said; others never meet the vocabulary."""
    ids, targets = batch(chosen)
    hidden = model.model(input_ids=ids).last_hidden_state
    said = targets != NOT_LEARNT
    return cross_entropy(model.lm_head(hidden[said]), targets[said])


@torch.no_grad()
def held_out_loss(model: Qwen3ForCausalLM, kept: list[Example]) -> float:
    model.eval()
    total, weight = 0.0, 0
    for chosen in batches(kept, TOKENS, random.Random(0)):
        said = sum(int(each.spoken.sum()) for each in chosen)
        total, weight = total + float(loss_of(model, chosen)) * said, weight + said
    model.train()
    return total / weight


def endless(train: list[Example], draw: random.Random) -> Iterator[list[Example]]:
    while True:
        yield from batches(train, TOKENS, draw)


def share(step: int, done: float) -> float:
    """Of the peak rate: warm-up by steps, then a line down over the time that is used up."""
    return min(1.0, (step + 1) / WARM_UP_STEPS) * max(0.01, min(1.0, 1.25 * (1 - done)))


def optimizers_of(model: Qwen3ForCausalLM) -> tuple[torch.optim.Optimizer, ...]:
    inside = [each for each in model.model.layers.parameters() if each.ndim == 2]
    known = {id(each) for each in inside}
    others = [each for each in model.parameters() if id(each) not in known]
    adam = torch.optim.AdamW(others, lr=ADAM_RATE, betas=(0.9, 0.98), weight_decay=0.0, fused=True)
    return Muon(inside, lr=MUON_RATE, weight_decay=0.05), adam


def train(
    model: Qwen3ForCausalLM, data: list[Example], kept: list[Example], minutes: float, done: float, out: Path
) -> None:
    """`done` is the share of the schedule that lies behind the model already."""
    optimizers, began, saved, seen = optimizers_of(model), time.monotonic(), 0.0, 0
    peaks = [optimizer.param_groups[0]["lr"] for optimizer in optimizers]
    for step, chosen in enumerate(endless(data, random.Random(1))):
        elapsed = time.monotonic() - began
        loss = loss_of(model, chosen)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer, peak in zip(optimizers, peaks, strict=True):
            optimizer.param_groups[0]["lr"] = peak * share(step, done + (1 - done) * elapsed / (60 * minutes))
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        seen += sum(len(each.ids) for each in chosen)
        if step % 25 == 0:
            print(f"{elapsed:6.0f} s step {step} loss {float(loss.detach()):.3f} tokens {seen}", flush=True)
        if elapsed - saved > SAVE_EVERY_S or elapsed > 60 * minutes:
            saved = elapsed
            model.save_pretrained(out)
            print(f"{elapsed:6.0f} s held-out loss {held_out_loss(model, kept):.4f}", flush=True)
        if elapsed > 60 * minutes:
            return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="a checkpoint to go on from, with --done of its schedule")
    parser.add_argument("--done", type=float, default=0.0)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--threads", type=int, default=2)
    wanted = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(wanted.threads)
    tokenizer = Tokenizer.from_file(str(wanted.model / "tokenizer.json"))
    data = examples(wanted.corpus / "train.jsonl", tokenizer, seed=1)
    kept = random.Random(2).sample(examples(wanted.corpus / "held_out.jsonl", tokenizer, seed=2), HELD_OUT)
    model = Qwen3ForCausalLM.from_pretrained(wanted.start) if wanted.start else untrained(tokenizer)
    model.train()
    tokens = sum(len(each.ids) for each in data)
    print(f"{len(data)} dialogues, {tokens} tokens, {model.num_parameters()} parameters", flush=True)
    train(model, data, kept, wanted.minutes, wanted.done, wanted.model)


if __name__ == "__main__":
    main()
