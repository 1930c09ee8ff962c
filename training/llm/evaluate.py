"""Measures the shipped model on questions that were held out: `python -m training.llm.evaluate CORPUS`.

Answers come greedily from the engine's own code. An answer is exact when it is, word for word, one of those
that the topic has. `--model` gives the checkpoint, for the loss.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from deployments.llm.embedded.ctranslate2_model import CONTEXT, FOLDER, EmbeddedModel, Sampling, Step
from deployments.llm.embedded.request import asked

THAI = re.compile(r"[ก-๙]")
VIETNAMESE = re.compile(
    r"[ăâđêôơưàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ]", re.IGNORECASE
)
GROUPS = {
    "sums of two numbers": ("add", "subtract", "and_add"),
    "word problems": ("have_and_get", "have_and_lose", "groups"),
    "multiplication": ("multiply",),
    "counting and comparing": ("count", "greater", "after_number"),
    "translation": ("into", "from", "and_into"),
    "spelling": ("spell", "letters"),
    "facts": ("colour_of", "mix", "legs", "lives", "eats", "opposite", "capital", "how_many"),
    "days and months": ("next_day", "previous_day", "today_is", "next_month"),
    "names": ("recall_name",),
}


def dialogues(path: Path, count: int) -> list[dict]:
    with path.open(encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    return found[:: max(1, len(found) // count)]


def history(dialogue: dict) -> list[dict[str, str]]:
    """All but the last answer."""
    said = [{"role": "system", "content": dialogue["system"]}] if dialogue["system"] else []
    for turn in dialogue["turns"]:
        said += [{"role": "user", "content": turn["ask"]}, {"role": "assistant", "content": turn["say"]}]
    return said[:-1]


def answer(model: EmbeddedModel, messages: list[dict[str, str]]) -> str:
    prompt, ids = model.prompt(asked({"messages": messages})), []

    def keep(step: Step) -> bool:
        ids.append(step.token_id)
        return False

    model.generate(prompt, 1, Sampling(max_tokens=min(160, CONTEXT - len(prompt))), keep)
    return str(model.tokenizer.decode(ids))


def language_of(text: str) -> str:
    if THAI.search(text):
        return "th"
    return "vi" if VIETNAMESE.search(text) else "en"


def same_language(said: str, wanted: str) -> bool:
    """Quoted words and numbers have no language of their own."""
    said, wanted = (re.sub(r'"[^"]*"', "", text) for text in (said, wanted))
    return language_of(said) == language_of(wanted)


def group_of(turn: dict) -> str:
    return next((name for name, topics in GROUPS.items() if turn["topic"] in topics), turn["group"])


def outcomes(model: EmbeddedModel, found: list[dict], wrong: bool) -> Iterator[tuple[str, bool, bool]]:
    """Group, right, and in the right language."""
    for dialogue in found:
        turn = dialogue["turns"][-1]
        said = answer(model, history(dialogue))
        right = said in turn["right"]
        if wrong and not right:
            print(f"{turn['topic']}: {turn['ask']!r} -> {said!r}, not {turn['say']!r}")
        yield group_of(turn), right, same_language(said, turn["say"])
        yield f"in {turn['language']}", right, same_language(said, turn["say"])


def losses(model: Path, corpus: Path) -> Iterator[tuple[str, float]]:
    """Held-out loss of the checkpoint by language of the last answer; needs torch."""
    from tokenizers import Tokenizer
    from transformers import Qwen3ForCausalLM

    from training.llm.examples import example
    from training.llm.train import held_out_loss

    network = Qwen3ForCausalLM.from_pretrained(model)
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    found = dialogues(corpus / "held_out.jsonl", 1200)
    for code in ("en", "th", "vi"):
        kept = [each for each in found if each["turns"][-1]["language"] == code]
        yield code, held_out_loss(network, [example(each, tokenizer, False) for each in kept])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--shipped", type=Path, default=FOLDER)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--wrong", action="store_true", help="print the answers that are not right")
    wanted = parser.parse_args()
    scores: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    model = EmbeddedModel(wanted.shipped, threads=1, parallel=1)
    found = dialogues(wanted.corpus / "held_out.jsonl", wanted.count)
    for group, right, same in outcomes(model, found, wanted.wrong):
        scores[group].append((right, same))
    for group, marks in sorted(scores.items()):
        right, same = (sum(column) / len(marks) for column in zip(*marks, strict=True))
        print(f"{group:24} {len(marks):5} questions, {right:6.1%} exact, {same:6.1%} in the right language")
    for code, loss in losses(wanted.model, wanted.corpus) if wanted.model else ():
        print(f"{code}: loss {loss:.4f}, perplexity {2.718281828**loss:.3f}")


if __name__ == "__main__":
    main()
