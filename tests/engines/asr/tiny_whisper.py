"""A Whisper checkpoint of 10 MB with weights set by hand: it knows a few sounds and says a line for each.

Its text is spelled in bytes, a token a byte, and the n-th token is aligned to the n-th tenth of a second.
Tokens of a prompt shift the script: what comes out lacks its first `tokens + 1` bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from ctranslate2.specs.whisper_spec import WhisperSpec
from faster_whisper.feature_extractor import FeatureExtractor
from faster_whisper.tokenizer import _LANGUAGE_CODES
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from serve_app.engines import SAMPLE_RATE, Audio
from tests.engines.asr.tiny_whisper_weights import HEADS, Weights, band, codes, set_decoder, set_encoder

MARKS = ("translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps")
TIMESTAMPS = tuple(f"<|{0.02 * step:.2f}|>" for step in range(1501))
UNSURE = "QXZJ"
"""Letters that are as likely as one another wherever one of them is said."""


class Line(NamedTuple):
    """What the model says when it hears a sound."""

    language: str
    text: str
    no_speech: bool = False
    """Whether it thinks that the sound is no speech."""


def sound(index: int, lines: int, seconds: float) -> Audio:
    """The sound of a line: sines all over its share of the mel bands."""
    filters = FeatureExtractor().mel_filters[band(index, lines)]
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    # The filters' columns are 40 Hz apart.
    sines = [np.sin(2 * np.pi * 40 * column * time) for column in sorted(set(filters.argmax(axis=1)))]
    return np.asarray(0.05 * sum(sines), np.float32)


def build(folder: Path, lines: Sequence[Line], *, multilingual: bool = True) -> Path:
    """Write the checkpoint in the form of CTranslate2."""
    folder.mkdir()
    tokenizer = _tokenizer(multilingual)
    tokenizer.save(str(folder / "tokenizer.json"))
    tokens = [*map(tokenizer.id_to_token, range(tokenizer.get_vocab_size())), *TIMESTAMPS]
    spec = WhisperSpec(1, HEADS, 2, HEADS)
    spec.register_vocabulary(tokens)
    spec.config.lang_ids = [tokens.index(f"<|{code}|>") for code in _LANGUAGE_CODES]
    spec.config.suppress_ids, spec.config.suppress_ids_begin = [], []
    spec.config.alignment_heads = [(1, 0)]
    token_codes = codes(1, len(tokens))
    token_codes[[tokens.index(letter) for letter in UNSURE]] = token_codes[tokens.index(UNSURE[0])]
    first = 3 if multilingual else 1  # the position of the last mark before the text
    scripts = [_script(line, tokenizer, token_codes, first) for line in lines]
    set_encoder(spec.encoder, len(lines))
    set_decoder(spec.decoder, scripts, token_codes, token_codes[tokens.index("<|endoftext|>")], first)
    spec.validate()
    spec.save(str(folder))
    return folder


def _tokenizer(multilingual: bool) -> Tokenizer:
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    # CTranslate2 takes a model for multilingual when its vocabulary has an empty token.
    pieces = [*letters, "Ġ-", "Ġ'", *([""] if multilingual else [])]
    bpe = models.BPE(vocab={piece: n for n, piece in enumerate(pieces)}, merges=[("Ġ", "-"), ("Ġ", "'")])
    tokenizer = Tokenizer(bpe)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    marks = ["endoftext", "startoftranscript", *_LANGUAGE_CODES, *MARKS]
    tokenizer.add_special_tokens(
        [AddedToken(f"<|{mark}|>", special=True, normalized=False) for mark in marks]
    )
    return tokenizer


def _script(line: Line, tokenizer: Tokenizer, token_codes: Weights, first: int) -> dict[int, Weights]:
    """Position 0 tells the language, and louder, whether there is no speech."""
    judged = token_codes[tokenizer.token_to_id(f"<|{line.language}|>")]
    if line.no_speech:
        judged = judged + 2 * token_codes[tokenizer.token_to_id("<|nospeech|>")]
    said = tokenizer.encode(" " + line.text, add_special_tokens=False).ids if line.text else []
    return {0: judged, **{first + n: token_codes[token] for n, token in enumerate(said)}}
