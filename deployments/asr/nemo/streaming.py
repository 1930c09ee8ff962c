"""Cache-aware FastConformer transducers (arXiv 2312.17279) as transformers' `NemotronAsrStreamingForRNNT`.

Their convolutions look back only and their attention sees whole chunks, so that they can decode a stream.
"""

from __future__ import annotations

from transformers import (
    NemotronAsrStreamingConfig,
    NemotronAsrStreamingEncoderConfig,
    NemotronAsrStreamingFeatureExtractor,
    NemotronAsrStreamingProcessor,
    ParakeetTokenizer,
)

from deployments.asr.nemo.archive import ConversionError
from deployments.asr.nemo.config import Config, Settings, at, encoder_fields, feature_fields, network_fields
from deployments.asr.nemo.weights import parakeet_name, renamed

CACHE_AWARE: Settings = {
    "encoder.att_context_style": ("chunked_limited",),
    "encoder.causal_downsampling": (True,),
    "encoder.conv_norm_type": ("layer_norm",),
    "encoder.conv_context_size": ("causal",),
    "preprocessor.normalize": ("NA",),
}
"""What this network has and a full-context one has not; `att_context_size` may be any list of pairs."""
SUBSAMPLING = {
    "encoder.pre_encode.conv.0": "encoder.subsampling.conv_in",
    "encoder.pre_encode.conv.2": "encoder.subsampling.layers.0.depthwise_conv",
    "encoder.pre_encode.conv.3": "encoder.subsampling.layers.0.pointwise_conv",
    "encoder.pre_encode.conv.5": "encoder.subsampling.layers.1.depthwise_conv",
    "encoder.pre_encode.conv.6": "encoder.subsampling.layers.1.pointwise_conv",
}
"""The only modules with other names than Parakeet's."""


def streaming_config(config: Config, vocabulary: int, name: str) -> NemotronAsrStreamingConfig:
    """`vocabulary` counts the pieces without the blank. Raises ConversionError for a missing key."""
    left, right = _widest(config)
    encoder = NemotronAsrStreamingEncoderConfig(
        **encoder_fields(config), sliding_window=left + 1, default_num_lookahead_tokens=right
    )
    return NemotronAsrStreamingConfig(
        **network_fields(config, vocabulary, name), encoder_config=encoder.to_dict()
    )


def streaming_processor(config: Config, tokenizer: ParakeetTokenizer) -> NemotronAsrStreamingProcessor:
    """Features as they are, the tokenizer, and the look-ahead that the encoder is called with."""
    features = NemotronAsrStreamingFeatureExtractor(**feature_fields(config))
    _, right = _widest(config)
    return NemotronAsrStreamingProcessor(features, tokenizer, supported_num_lookahead_tokens=[right])


def streaming_name(name: str) -> str | None:
    """Our name of a tensor; None for one that we do not know."""
    return renamed(name, SUBSAMPLING) or parakeet_name(name)


def _widest(config: Config) -> tuple[int, int]:
    """Frames of left and right context, of the pairs it was trained with the one that looks furthest ahead.

    The others trade accuracy for latency, which windows that are decoded whole do not have to.
    """
    sizes = at(config, "encoder.att_context_size")
    pairs = sizes if isinstance(sizes, list) and sizes and isinstance(sizes[0], list) else [sizes]
    if not all(_is_context(pair) for pair in pairs):
        raise ConversionError(
            f"encoder.att_context_size is {sizes!r}; only pairs of numbers from 0 can be converted"
        )
    left, right = max(pairs, key=lambda pair: pair[1])
    return left, right


def _is_context(pair: object) -> bool:
    return (
        isinstance(pair, list)
        and len(pair) == 2
        and all(isinstance(size, int) and size >= 0 for size in pair)
    )
