"""Full-context FastConformer transducers (arXiv 2305.05084) as transformers' `ParakeetForRNNT`."""

from __future__ import annotations

from transformers import (
    ParakeetEncoderConfig,
    ParakeetFeatureExtractor,
    ParakeetProcessor,
    ParakeetRNNTConfig,
    ParakeetTokenizer,
)

from deployments.asr.nemo.config import Config, Settings, encoder_fields, feature_fields, network_fields

FULL_CONTEXT: Settings = {
    "encoder.att_context_style": ("regular",),
    "encoder.att_context_size": (None, [-1, -1], [[-1, -1]]),
    "encoder.causal_downsampling": (False,),
    "encoder.conv_norm_type": ("batch_norm",),
    "encoder.conv_context_size": (None,),
    "preprocessor.normalize": ("per_feature",),
}
"""What this network has and a cache-aware one has not; NeMo's defaults, each first."""


def parakeet_config(config: Config, vocabulary: int, name: str) -> ParakeetRNNTConfig:
    """`vocabulary` counts the pieces without the blank. Raises ConversionError for a missing key."""
    encoder = ParakeetEncoderConfig(**encoder_fields(config))
    return ParakeetRNNTConfig(**network_fields(config, vocabulary, name), encoder_config=encoder.to_dict())


def parakeet_processor(config: Config, tokenizer: ParakeetTokenizer) -> ParakeetProcessor:
    """Features, each bin normalised over the utterance, and the tokenizer."""
    return ParakeetProcessor(
        ParakeetFeatureExtractor(**feature_fields(config)), tokenizer, decoder_type="rnnt"
    )
