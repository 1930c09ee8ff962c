"""The two variants of LTX 2.3, and how the pipeline is called for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from diffusers.pipelines.ltx2.utils import DEFAULT_NEGATIVE_PROMPT, DISTILLED_SIGMA_VALUES

from deployments.serving.loader import EngineConfigError

FULL_STEPS = 30
"""The pipeline's own default."""
NO_GUIDANCE: Mapping[str, float] = {
    "guidance_scale": 1.0, "stg_scale": 0.0, "modality_scale": 1.0, "guidance_rescale": 0.0,
    "audio_guidance_scale": 1.0, "audio_stg_scale": 0.0, "audio_modality_scale": 1.0,
    "audio_guidance_rescale": 0.0,
}  # fmt: skip
"""The distilled model was trained to do without; left out, the pipeline would guide it as it does the full
one."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A public model."""

    name: str
    """`distilled` or `full`."""
    steps: int
    arguments: Mapping[str, Any]
    """Keyword arguments of the pipeline's call."""
    scheduler: Mapping[str, Any]
    """What must hold of the scheduler's configuration, whatever the folder says."""


def variant_of(name: str, steps: int | None) -> Variant:
    """A variant with `steps` steps, its own number for None. Raises EngineConfigError."""
    if name == "distilled":
        return _distilled(steps)
    if name == "full":
        return _full(FULL_STEPS if steps is None else steps)
    raise EngineConfigError(f"variant {name!r}: one of distilled, full")


def _distilled(steps: int | None) -> Variant:
    """Its noise levels are fixed numbers: a scheduler that shifts them, as the full model's does, would
    hand the model others than it was trained on."""
    fixed = len(DISTILLED_SIGMA_VALUES)
    if steps not in (None, fixed):
        raise EngineConfigError(f"steps {steps}: the distilled variant always takes {fixed}")
    arguments = {"num_inference_steps": fixed, "sigmas": DISTILLED_SIGMA_VALUES, **NO_GUIDANCE}
    unshifted = {"use_dynamic_shifting": False, "shift": 1.0, "shift_terminal": None}
    return Variant("distilled", fixed, arguments, unshifted)


def _full(steps: int) -> Variant:
    """Guided as the pipeline's defaults say, away from the authors' negative prompt. Its scheduler ends at a
    fixed noise level, and cannot both begin and end with one step."""
    if steps < 2:
        raise EngineConfigError(f"steps {steps}: the full variant takes at least 2")
    arguments = {"num_inference_steps": steps, "negative_prompt": DEFAULT_NEGATIVE_PROMPT}
    return Variant("full", steps, arguments, {})
