"""Loads a converted Typhoon checkpoint, or says plainly why this machine cannot."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import NemotronAsrStreamingForRNNT, ParakeetForRNNT, PreTrainedConfig
from transformers.utils import logging

from deployments.asr.typhoon.transducer import Transducer
from deployments.serving.loader import EngineConfigError
from deployments.serving.torch_device import torch_device, torch_dtype

IMPL = "typhoon-fastconformer-rnnt"
"""The engine's real name (ASR-002) unless the conversion gave another."""
NETWORKS: dict[str, type[Transducer]] = {
    "parakeet_rnnt": ParakeetForRNNT,
    "nemotron_asr_streaming": NemotronAsrStreamingForRNNT,
}
"""By the `model_type` of a folder: with the full context, and cache-aware."""


def load_model(checkpoint: str, device: str, dtype: str) -> Transducer:
    """The model of a folder, ready to run; nothing is downloaded.

    Raises EngineConfigError for a device that this machine lacks, an unknown dtype, and a folder without the
    whole model: transformers would fill what is missing with noise.
    """
    place = torch_device(device)
    if not (Path(checkpoint) / "config.json").is_file():
        raise EngineConfigError(f"checkpoint {checkpoint!r}: not a folder that convert_typhoon wrote")
    logging.disable_progress_bar()
    model, loading = _network(checkpoint).from_pretrained(
        checkpoint,
        dtype=torch_dtype(dtype, place, on_gpu=torch.float16),
        attn_implementation="sdpa",  # the cache-aware class takes the masks of `eager` upside down
        local_files_only=True,
        output_loading_info=True,
    )
    if missing := sorted(loading["missing_keys"]):
        raise EngineConfigError(f"checkpoint {checkpoint!r} lacks tensors: {', '.join(missing)}")
    return model.to(place).eval()


def _network(checkpoint: str) -> type[Transducer]:
    settings, _ = PreTrainedConfig.get_config_dict(checkpoint, local_files_only=True)
    if (kind := settings.get("model_type")) not in NETWORKS:
        raise EngineConfigError(
            f"checkpoint {checkpoint!r}: model_type {kind!r}: one of {', '.join(NETWORKS)}"
        )
    return NETWORKS[kind]
