"""From a SentencePiece model to a transformers tokenizer; needs no sentencepiece."""

from __future__ import annotations

import tempfile
from pathlib import Path

from google.protobuf.message import DecodeError
from tokenizers import AddedToken
from transformers import ParakeetTokenizer
from transformers.convert_slow_tokenizer import ParakeetConverter

from deployments.asr.nemo.archive import ConversionError

UNKNOWN, BLANK = "<unk>", "<blank>"


def parakeet_tokenizer(model: bytes) -> ParakeetTokenizer:
    """Pieces keep their ids and the blank follows them. Raises ConversionError for another kind of file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tokenizer.model"
        path.write_bytes(model)
        try:
            converted = ParakeetConverter(str(path)).converted()
        except DecodeError as broken:
            raise ConversionError("tokenizer.model is not a SentencePiece model") from broken
    tokenizer = ParakeetTokenizer(tokenizer_object=converted, clean_up_tokenization_spaces=False)
    blank = AddedToken(BLANK, normalized=False, special=True)
    tokenizer.add_tokens([blank])
    tokenizer.add_special_tokens({"pad_token": blank, "unk_token": UNKNOWN})
    return tokenizer
