"""Writes `.nemo` archives without NeMo and without sentencepiece."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor
from transformers.convert_slow_tokenizer import import_protobuf

MARKS = ("<unk>", "<pad>", "<bos>", "<eos>")
"""First pieces of every vocabulary here; Typhoon's has them too."""


def write_archive(
    path: Path,
    weights: Mapping[str, Tensor],
    settings: Mapping[str, Any],
    pieces: Sequence[str],
    *,
    mode: str = "w",
) -> Path:
    """A `.nemo` archive as NeMo names its members."""
    state = io.BytesIO()
    torch.save(dict(weights), state)
    members = {
        "./8869cf_vocab.txt": "\n".join(pieces).encode(),
        "./aa15ec_tokenizer.model": sentencepiece(pieces),
        "./model_config.yaml": yaml.safe_dump(dict(settings)).encode(),
        "./model_weights.ckpt": state.getvalue(),
    }
    return write_tar(path, members.items(), mode=mode)


def write_tar(path: Path, members: Iterable[tuple[str, bytes]], *, mode: str = "w") -> Path:
    """A tar, or with `mode` "w:gz" a compressed one."""
    with tarfile.open(path, mode) as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def sentencepiece(pieces: Sequence[str]) -> bytes:
    """A serialised SentencePiece BPE model: kind 2 is unknown, 4 user-defined, 1 normal."""
    model = import_protobuf().ModelProto()
    model.trainer_spec.model_type = 2
    for index, piece in enumerate(pieces):
        kind = 2 if index == 0 else 4 if piece in MARKS else 1
        model.pieces.add(piece=piece, score=-float(index), type=kind)
    return bytes(model.SerializeToString())
