"""A byte-level BPE as Qwen3's, trained on the dialogues: `python -m training.llm.tokenizer CORPUS MODEL`.

It writes `tokenizer.json` and, with the chat template, `tokenizer_config.json` into MODEL.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

VOCABULARY = 4096
"""Words of all three languages in one or two tokens; more would be most of a small model."""
LONGEST = 18
"""Bytes of a token: six Thai letters. Thai puts no spaces between words, and whole phrases of the corpus
would become tokens that no other phrase can share."""
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
THINKING = ("<think>", "</think>")
PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"
    r"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""Qwen's own, with marks beside letters: Thai vowels and tones are marks, and words must not break there.
Every digit is a token, so that sums can be learnt."""
CHAT_TEMPLATE = """\
{%- for message in messages -%}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{- '<|im_start|>assistant\\n' -}}
{%- if enable_thinking is defined and enable_thinking is false -%}
{{- '<think>\\n\\n</think>\\n\\n' -}}
{%- endif -%}
{%- endif -%}
"""
"""ChatML; the empty thought is what Qwen3 puts there when it should not think."""


def untrained() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def texts(corpus: Path) -> Iterator[str]:
    with (corpus / "train.jsonl").open(encoding="utf-8") as lines:
        for dialogue in map(json.loads, lines):
            yield from (text for turn in dialogue["turns"] for text in (turn["ask"], turn["say"]))
            yield dialogue["system"]


def trained(corpus: Path) -> Tokenizer:
    tokenizer = untrained()
    size = VOCABULARY - len(SPECIAL) - len(THINKING)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=alphabet, max_token_length=LONGEST, show_progress=False
    )
    tokenizer.train_from_iterator(texts(corpus), trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in SPECIAL])
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in THINKING])
    return tokenizer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("model", type=Path)
    wanted = parser.parse_args()
    wanted.model.mkdir(parents=True, exist_ok=True)
    trained(wanted.corpus).save(str(wanted.model / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
        "bos_token": None,
        "model_max_length": 1024,
        "chat_template": CHAT_TEMPLATE,
    }
    (wanted.model / "tokenizer_config.json").write_text(
        json.dumps(config, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
