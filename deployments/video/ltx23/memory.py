"""How LTX 2.3 shares the memory of a card and of its machine.

Its weights in bfloat16: transformer 38 GB, text encoder 24, text connectors 6, VAEs and vocoder 2. Beside
them a step of 720p needs 7 GB for five seconds and 11 for ten; of the full variant, which guides, 11 and 20.
All computed from the published configurations; nothing was measured on a GPU.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import LTX2ImageToVideoPipeline, PipelineQuantizationConfig

from deployments.serving.loader import EngineConfigError

FP8 = torch.float8_e4m3fn
"""Range enough for weights, and one bit more of precision than e5m2."""
STAYING = ["vae", "audio_vae", "vocoder"]
"""2 GB. What is decoded in tiles calls its layers in another order than its weights were fetched in."""


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """What a row may choose."""

    place: Callable[[LTX2ImageToVideoPipeline, torch.device, torch.dtype], None]
    """Brings the loaded weights where they belong."""
    quantization: Callable[[torch.dtype], PipelineQuantizationConfig] | None = None
    """How they are quantised while they are loaded; on CUDA only."""

    def loading(self, dtype: torch.dtype) -> Mapping[str, Any]:
        """Keyword arguments of `from_pretrained`."""
        return {"quantization_config": self.quantization(dtype)} if self.quantization else {}


def nf4(dtype: torch.dtype) -> PipelineQuantizationConfig:
    """Both large networks in four bits (QLoRA, arXiv 2305.14314), computing in `dtype`: 11 GB and 8."""
    return PipelineQuantizationConfig(
        quant_backend="bitsandbytes_4bit",
        quant_kwargs={"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": dtype},
        components_to_quantize=["transformer", "text_encoder"],
    )


def resident(pipe: LTX2ImageToVideoPipeline, device: torch.device, dtype: torch.dtype) -> None:
    """All on the card, all the time."""
    pipe.to(device)


def in_turn(pipe: LTX2ImageToVideoPipeline, device: torch.device, dtype: torch.dtype) -> None:
    """Each network on the card while it works, the others in the machine's memory."""
    pipe.enable_model_cpu_offload(device=device)


def layer_by_layer(pipe: LTX2ImageToVideoPipeline, device: torch.device, dtype: torch.dtype) -> None:
    """Layers come to the card one after the other, the next while one works; the transformer's in eight
    bits, so that half as much has to come."""
    pipe.transformer.enable_layerwise_casting(storage_dtype=FP8, compute_dtype=dtype)
    pipe.enable_group_offload(
        device, offload_type="leaf_level", use_stream=device.type == "cuda", exclude_modules=STAYING
    )


PLANS: Mapping[str, MemoryPlan] = {
    "bf16": MemoryPlan(resident),
    "nf4": MemoryPlan(in_turn, nf4),
    "fp8-offload": MemoryPlan(layer_by_layer),
}


def plan_of(name: str, device: torch.device) -> MemoryPlan:
    """A plan for a device. Raises EngineConfigError for one that is unknown or that the device cannot."""
    if name not in PLANS:
        raise EngineConfigError(f"memory {name!r}: one of {', '.join(PLANS)}")
    if PLANS[name].quantization and device.type != "cuda":
        raise EngineConfigError(f"memory {name!r} needs a CUDA device, not {device.type}")
    return PLANS[name]
