"""Which of the two networks an archive holds: its config decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from transformers import NemotronAsrStreamingForRNNT, ParakeetForRNNT

from deployments.asr.nemo.archive import ConversionError
from deployments.asr.nemo.config import REQUIRED, Config, Settings, at
from deployments.asr.nemo.parakeet import FULL_CONTEXT, parakeet_config, parakeet_processor
from deployments.asr.nemo.streaming import CACHE_AWARE, streaming_config, streaming_name, streaming_processor
from deployments.asr.nemo.weights import parakeet_name


class Variant(NamedTuple):
    """A network and how to fill it."""

    kind: str
    settings: Settings
    network: type[ParakeetForRNNT] | type[NemotronAsrStreamingForRNNT]
    config: Callable[..., Any]
    """Of NeMo's config, the vocabulary without the blank, and the engine's name."""
    processor: Callable[..., Any]
    """Of NeMo's config and the tokenizer."""
    tensor_name: Callable[[str], str | None]


PARAKEET = Variant(
    "full-context", FULL_CONTEXT, ParakeetForRNNT, parakeet_config, parakeet_processor, parakeet_name
)
STREAMING = Variant(
    "cache-aware",
    CACHE_AWARE,
    NemotronAsrStreamingForRNNT,
    streaming_config,
    streaming_processor,
    streaming_name,
)
_DEFAULTS = {path: allowed[0] for path, allowed in (REQUIRED | FULL_CONTEXT).items()}
"""What NeMo takes for a key that is left out."""


def variant_of(config: Config) -> Variant:
    """Raises ConversionError for a setting that the network cannot have, so for anything between the two."""
    style = at(config, "encoder.att_context_style", None)
    variant = STREAMING if style in STREAMING.settings["encoder.att_context_style"] else PARAKEET
    for path, allowed in (REQUIRED | variant.settings).items():
        if (found := at(config, path, _DEFAULTS[path])) not in allowed:
            raise ConversionError(
                f"{path} is {found!r}; only {allowed[0]!r} can be converted for a {variant.kind} network"
            )
    return variant
