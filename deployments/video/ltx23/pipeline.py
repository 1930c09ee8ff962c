"""Loads a folder with LTX 2.3 in diffusers' layout, or says plainly why it cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, LTX2ImageToVideoPipeline
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from deployments.serving.loader import EngineConfigError
from deployments.video.ltx23.memory import MemoryPlan
from deployments.video.ltx23.variants import Variant

INDEX = "model_index.json"


def load_pipeline(
    folder: str, variant: Variant, plan: MemoryPlan, device: torch.device, dtype: torch.dtype
) -> LTX2ImageToVideoPipeline:
    """The pipeline with its weights in place; nothing is downloaded.

    Raises EngineConfigError for a folder that is no such pipeline or not a whole one, for weights that do not
    fit the card, and where the plan's package is missing.
    """
    _check(Path(folder))
    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    try:
        pipe = LTX2ImageToVideoPipeline.from_pretrained(
            folder, dtype=dtype, local_files_only=True, **plan.loading(dtype)
        )
        plan.place(pipe, device, dtype)
    except (ImportError, OSError, RuntimeError, TypeError, ValueError) as broken:
        raise EngineConfigError(f"model {folder!r} cannot be loaded: {broken}") from broken
    pipe.scheduler = FlowMatchEulerDiscreteScheduler.from_config(pipe.scheduler.config, **variant.scheduler)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _check(folder: Path) -> None:
    """What a mistaken path looks like, told before diffusers tells it in its own words."""
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError) as unreadable:
        raise EngineConfigError(f"model {str(folder)!r} has no readable {INDEX}") from unreadable
    kind = index.get("_class_name") if isinstance(index, dict) else None
    if not str(kind).startswith("LTX2"):  # text to video has the same parts, under its own name
        raise EngineConfigError(f"model {str(folder)!r} holds {kind}, not LTX 2.3")
    for part, what in index.items():
        if isinstance(what, list) and what[0] is not None and not (folder / part).is_dir():
            raise EngineConfigError(f"model {str(folder)!r} has no part {part}")
