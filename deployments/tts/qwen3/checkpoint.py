"""Loads a Qwen3-TTS checkpoint, or says plainly why this machine cannot."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from qwen_tts import Qwen3TTSModel
from safetensors import safe_open
from torch import nn
from transformers.utils import logging

from deployments.serving.loader import EngineConfigError
from deployments.serving.torch_device import torch_device, torch_dtype

SPEAKERS, CLONE = "custom_voice", "base"
"""`tts_model_type` of the checkpoints with built-in speakers, and of those that clone a reference."""
CODEC = "speech_tokenizer"


def load_checkpoint(folder: str, kind: str, device: str, dtype: str) -> Qwen3TTSModel:
    """The model of a folder with its codec and text tokenizer, ready to run; nothing is downloaded.

    `auto` is CUDA with bfloat16, as the weights are published, where there is a GPU. Raises EngineConfigError
    for a folder without a checkpoint of this kind or without the whole of it, for a device that this machine
    lacks and for an unknown dtype.
    """
    _check_kind(Path(folder), kind)
    place = torch_device(device)
    logging.disable_progress_bar()
    model = Qwen3TTSModel.from_pretrained(
        folder,
        device_map=str(place),
        dtype=torch_dtype(dtype, place, on_gpu=torch.bfloat16),
        attn_implementation="sdpa",
        local_files_only=True,
        use_safetensors=True,
    )
    talker = model.model.talker  # what transformers would choose, and log, at each call:
    talker.generation_config.pad_token_id = talker.config.codec_eos_token_id
    _check_whole(model.model, Path(folder))
    _check_whole(model.model.speech_tokenizer.model, Path(folder, CODEC))
    return model


def _check_kind(folder: Path, kind: str) -> None:
    for part in (folder / "config.json", folder / CODEC / "config.json"):
        if not part.is_file():  # the package would ask a hub for it
            raise EngineConfigError(f"checkpoint: there is no {part}")
    settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if (found := settings.get("tts_model_type")) != kind:
        raise EngineConfigError(f"checkpoint {str(folder)!r}: tts_model_type is {found!r}, not {kind!r}")


def _check_whole(network: nn.Module, folder: Path) -> None:
    """transformers would fill what is missing with noise."""
    saved: set[str] = set()
    for path in folder.glob("*.safetensors"):
        with safe_open(path, "pt") as tensors:
            saved.update(tensors.keys())
    if missing := sorted(dict(network.named_parameters()).keys() - saved):
        raise EngineConfigError(f"{folder} lacks {len(missing)} tensors, such as {missing[0]}")
