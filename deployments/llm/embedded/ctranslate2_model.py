"""The embedded model in memory: a tokenizer with its chat template, and a CTranslate2 model."""

from __future__ import annotations

import json
import secrets
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import ctranslate2
from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import Tokenizer

from deployments.llm.embedded.request import Asked
from deployments.llm.embedded.steps import Step, Steps
from serve_app.errors import InvalidRequest

FOLDER = Path(__file__).parents[1] / "model"
FILES = ("config.json", "model.bin", "vocabulary.json")
"""Of CTranslate2; they are kept in memory, so that a generator of one's own takes 10 ms."""
CONTEXT = 1024
"""Tokens that rotary positions were made for."""
MOST_CHARACTERS = 100 * CONTEXT
"""Far more than the context holds, the longest tokens having 18 bytes; 50 ms of work."""
MARKS = ("<|im_start|>", "<|im_end|>", "<|endoftext|>", "<think>", "</think>")

_SEED = Lock()
"""Held from a seed until the first token drawn with it: CTranslate2 has one seed for the process, and a
generator's thread takes it when it draws for the first time."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn."""

    max_tokens: int
    temperature: float = 0.0
    """0: the likeliest token."""
    top_p: float = 1.0
    top_k: int = 0
    """0, as any number above the vocabulary: all tokens."""
    seed: int | None = None
    """None: another one each time."""
    logits: bool = False
    """Whether steps bring the logits of all tokens."""


class EmbeddedModel:
    """Stateless but for its weights; any thread may generate."""

    def __init__(self, folder: Path, threads: int, parallel: int) -> None:
        """`parallel` generations run at once, each in `threads` threads."""
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        self._template = ImmutableSandboxedEnvironment().from_string(config["chat_template"])
        self._files = {name: (folder / name).read_bytes() for name in FILES}
        self.end: int = self.tokenizer.token_to_id(config["eos_token"])
        """The token that ends an answer."""
        self._threads = threads
        self._greedy = self._generator(parallel)
        self.fingerprint = f"embedded-{zlib.crc32(self._files['model.bin']):08x}"
        """Changes with the weights."""

    def prompt(self, asked: Asked) -> list[str]:
        """Tokens up to where the answer begins. Marks in what people write are no marks.

        Raises InvalidRequest for far too much text, before it keeps the event loop busy.
        """
        if sum(len(each.text) for each in asked.messages) > MOST_CHARACTERS:
            raise InvalidRequest(f"messages: The embedded model takes {CONTEXT} tokens with its answer.")
        messages = [{"role": _role(each.role), "content": _unmarked(each.text)} for each in asked.messages]
        options = asked.chat_template_kwargs.model_dump() if asked.chat_template_kwargs else {}
        text = self._template.render(messages=messages, add_generation_prompt=True, **options)
        return list(self.tokenizer.encode(text, add_special_tokens=False).tokens)

    def generate(
        self, prompt: list[str], choices: int, how: Sampling, on_step: Callable[[Step], bool]
    ) -> None:
        """Tell each step of each choice, until it ends or `on_step` gives True. Blocks."""
        steps, vocabulary = Steps(how.logits), self.tokenizer.get_vocab_size()
        with ExitStack() as until_first_draw:
            generator = self._greedy if not how.temperature else self._seeded(how.seed, until_first_draw)

            def tell(result: ctranslate2.GenerationStepResult) -> bool:
                until_first_draw.close()
                return on_step(steps.read(result))

            generator.generate_batch(
                [prompt] * choices,
                include_prompt_in_result=False,
                max_length=how.max_tokens,
                sampling_temperature=how.temperature or 1.0,
                sampling_topk=min(how.top_k, vocabulary) if how.temperature else 1,
                # The likeliest token has at least this share. Less asks for no other, and is 0 as a float32.
                sampling_topp=max(how.top_p, 1 / vocabulary),
                return_logits_vocab=how.logits,
                callback=tell,
            )

    def _seeded(self, seed: int | None, until_first_draw: ExitStack) -> ctranslate2.Generator:
        until_first_draw.enter_context(_SEED)
        ctranslate2.set_random_seed(secrets.randbits(32) if seed is None else seed % 2**32)
        return self._generator(1)

    def _generator(self, parallel: int) -> ctranslate2.Generator:
        return ctranslate2.Generator(
            "embedded",
            "cpu",
            compute_type="int8",
            inter_threads=parallel,
            intra_threads=self._threads,
            files=self._files,
        )


def _role(role: str) -> str:
    """`developer` is OpenAI's newer name."""
    return "system" if role == "developer" else role


def _unmarked(text: str) -> str:
    """Nobody speaks for another by writing what separates the speakers."""
    for mark in MARKS:
        text = text.replace(mark, mark.replace("|", "").strip("<>/"))
    return text
