"""Where a torch engine runs and how exactly it counts, from the options of a config row."""

from __future__ import annotations

import torch

from deployments.serving.loader import EngineConfigError

DEVICES = ("auto", "cpu", "cuda")
DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


def torch_device(name: str) -> torch.device:
    """`auto` is CUDA where there is a GPU. Raises EngineConfigError for a device that is not there."""
    if name not in DEVICES:
        raise EngineConfigError(f"device {name!r}: one of {', '.join(DEVICES)}")
    has_gpu = torch.cuda.is_available()
    if name == "cuda" and not has_gpu:
        raise EngineConfigError("device 'cuda': there is no CUDA device")
    return torch.device("cuda" if has_gpu and name != "cpu" else "cpu")


def torch_dtype(name: str, device: torch.device, on_gpu: torch.dtype) -> torch.dtype:
    """`auto` is `on_gpu` on CUDA, and float32 on a CPU, where half precision is slower."""
    if name == "auto":
        return on_gpu if device.type == "cuda" else torch.float32
    if name not in DTYPES:
        raise EngineConfigError(f"dtype {name!r}: one of auto, {', '.join(DTYPES)}")
    return DTYPES[name]
