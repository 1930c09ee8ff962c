"""Reads a published `.nemo` archive: a tar of a config, a state dict and a SentencePiece model."""

from __future__ import annotations

import io
import pickle
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
import yaml
from torch import Tensor

CONFIG, WEIGHTS, TOKENIZER = "model_config.yaml", "model_weights.ckpt", "tokenizer.model"
"""NeMo puts a hash before some names (`8869cf..._tokenizer.model`), so members are known by their endings."""
LARGEST_MEMBER = 8 * 2**30
"""Bytes; ten times the largest FastConformer. A header that claims more is broken."""


class ConversionError(ValueError):
    """The archive cannot become a checkpoint; read by operators only."""


class NemoArchive(NamedTuple):
    """The three members that make a model."""

    config: Mapping[str, Any]
    weights: Mapping[str, Tensor]
    tokenizer: bytes
    """A serialised SentencePiece model."""


def read_archive(path: Path) -> NemoArchive:
    """Read an archive, compressed or not, in memory: nothing is unpacked and no code in it runs.

    Raises ConversionError for anything but an archive with exactly one of each member.
    """
    try:
        with tarfile.open(path) as tar:
            config, weights, tokenizer = (_member(tar, name) for name in (CONFIG, WEIGHTS, TOKENIZER))
    except (tarfile.TarError, OSError, EOFError, zlib.error) as broken:
        raise ConversionError(f"{path.name} is not a whole .nemo archive: {broken}") from broken
    return NemoArchive(_config(config), _weights(weights), tokenizer)


def _member(tar: tarfile.TarFile, ending: str) -> bytes:
    found = [member for member in tar.getmembers() if member.isfile() and member.name.endswith(ending)]
    if len(found) != 1:
        raise ConversionError(f"the archive holds {len(found)} files named *{ending}, not one")
    if found[0].size > LARGEST_MEMBER:
        raise ConversionError(f"{ending} claims {found[0].size} bytes")
    data = tar.extractfile(found[0])
    return data.read() if data else b""


def _config(data: bytes) -> Mapping[str, Any]:
    try:
        config = yaml.safe_load(data)
    except yaml.YAMLError as broken:
        raise ConversionError(f"{CONFIG} is not YAML") from broken
    if not isinstance(config, dict):
        raise ConversionError(f"{CONFIG} is not a mapping")
    return config


def _weights(data: bytes) -> Mapping[str, Tensor]:
    try:
        weights = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as broken:
        raise ConversionError(f"{WEIGHTS} is not a state dict") from broken
    if not isinstance(weights, dict) or not all(isinstance(tensor, Tensor) for tensor in weights.values()):
        raise ConversionError(f"{WEIGHTS} is not a state dict")
    return weights
