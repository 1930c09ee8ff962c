"""A Whisper checkpoint in the shape of `tiny` (39 M parameters) with random weights, to measure with.

    python -m loadtests.engines.random_whisper checkpoint

It says TOKENS random letters in Thai whatever it hears: real models take their time over the text as well.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np
from ctranslate2.specs.whisper_spec import WhisperSpec
from faster_whisper.tokenizer import _LANGUAGE_CODES
from numpy.typing import NDArray
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

LAYERS, HEADS, WIDTH, MELS, FRAMES, POSITIONS, VOCABULARY = 4, 6, 384, 80, 1500, 448, 51865
TOKENS = 20
"""About five seconds of English, or two of Thai."""
MARKS = ("endoftext", "startoftranscript", *_LANGUAGE_CODES)
TASKS = ("translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps")
TIMESTAMPS = [f"<|{0.02 * step:.2f}|>" for step in range(1501)]
PROMPT = ("<|startoftranscript|>", "<|th|>", "<|transcribe|>", "<|notimestamps|>")
LANGUAGE_AT, TEXT_AT = 0, 3
"""Positions of the decoder that say the language, and the first letter, behind the prompt."""
LOUD = 100
"""A position's code outweighs all that random layers add to it."""

Weights = NDArray[np.float32]


def build(folder: Path) -> Tokenizer:
    """Write the checkpoint in the form of CTranslate2; its tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    tokens = [*map(tokenizer.id_to_token, range(tokenizer.get_vocab_size())), *TIMESTAMPS]
    spec = WhisperSpec(LAYERS, HEADS, LAYERS, HEADS)
    spec.register_vocabulary(tokens)
    spec.config.lang_ids = [tokens.index(f"<|{code}|>") for code in _LANGUAGE_CODES]
    spec.config.suppress_ids, spec.config.suppress_ids_begin = [], []
    spec.config.alignment_heads = [(LAYERS - 1, head) for head in range(HEADS)]
    _fill_network(spec, _script(tokenizer))
    spec.validate()
    spec.optimize()
    spec.save(str(folder))
    return tokenizer


def _tokenizer() -> Tokenizer:
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    # CTranslate2 takes a model for multilingual when its vocabulary has an empty token.
    pieces = [*letters, "Ġ-", "Ġ'", ""]
    special = [f"<|{mark}|>" for mark in (*MARKS, *TASKS)]
    unused = VOCABULARY - len(pieces) - len(special) - len(TIMESTAMPS)
    pieces += [f"unused{number}" for number in range(unused)]
    bpe = models.BPE(vocab={piece: n for n, piece in enumerate(pieces)}, merges=[("Ġ", "-"), ("Ġ", "'")])
    tokenizer = Tokenizer(bpe)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(mark, special=True, normalized=False) for mark in special])
    return tokenizer


def _script(tokenizer: Tokenizer) -> NDArray[np.int64]:
    """The token that each position of the decoder says: its language, letters, and then the end mark."""
    script = np.full(POSITIONS, tokenizer.token_to_id("<|endoftext|>"))
    script[LANGUAGE_AT] = tokenizer.token_to_id("<|th|>")
    text = "".join(
        chr(letter) for letter in np.random.default_rng(0).integers(ord("a"), ord("z"), TOKENS - 1)
    )
    script[TEXT_AT : TEXT_AT + TOKENS] = tokenizer.encode(" " + text, add_special_tokens=False).ids
    return script


def _fill_network(spec: WhisperSpec, script: NDArray[np.int64]) -> None:
    for convolution, channels in ((spec.encoder.conv1, MELS), (spec.encoder.conv2, WIDTH)):
        _fill(convolution, WIDTH, channels, 3)
    codes = _random(VOCABULARY, WIDTH)
    spec.decoder.embeddings.weight = spec.decoder.projection.weight = codes
    spec.encoder.position_encodings.encodings = _random(FRAMES, WIDTH)
    spec.decoder.position_encodings.encodings = LOUD * codes[script]
    for half in (spec.encoder, spec.decoder):
        _fill_norm(half.layer_norm)
        for layer in half.layer:
            _fill_layer(layer)


def _fill_layer(layer: Any) -> None:
    attentions = [(layer.self_attention, (3, 1))]
    attentions += [(layer.attention, (1, 2, 1))] if hasattr(layer, "attention") else []
    for attention, parts in attentions:
        _fill_norm(attention.layer_norm)
        for linear, part in zip(attention.linear, parts, strict=True):
            _fill(linear, part * WIDTH, WIDTH)
    _fill_norm(layer.ffn.layer_norm)
    _fill(layer.ffn.linear_0, 4 * WIDTH, WIDTH)
    _fill(layer.ffn.linear_1, WIDTH, 4 * WIDTH)


def _fill(part: Any, rows: int, *shape: int) -> None:
    part.weight, part.bias = _random(rows, *shape), np.zeros(rows, np.float32)


def _fill_norm(norm: Any) -> None:
    norm.gamma, norm.beta = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)


def _random(*shape: int) -> Weights:
    return np.random.default_rng(0).normal(0, 0.02, shape).astype(np.float32)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def main(folder: Path) -> None:
    """Write the checkpoint to FOLDER."""
    build(folder)
    click.echo(f"engine: deployments.asr.whisper.engine:WhisperRecognizer, options: {{ model: {folder} }}")


if __name__ == "__main__":
    main()
