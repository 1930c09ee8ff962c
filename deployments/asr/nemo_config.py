"""From NeMo's configuration of a FastConformer transducer to transformers'."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformers import ParakeetEncoderConfig, ParakeetFeatureExtractor, ParakeetRNNTConfig

from deployments.asr.nemo_archive import ConversionError

Config = Mapping[str, Any]
REQUIRED: dict[str, tuple[Any, ...]] = {
    "encoder.subsampling": ("dw_striding",),
    "encoder.subsampling_factor": (8,),
    "encoder.causal_downsampling": (False,),
    "encoder.self_attention_model": ("rel_pos",),
    "encoder.untie_biases": (True,),
    "encoder.att_context_style": ("regular",),
    "encoder.att_context_size": (None, [-1, -1], [[-1, -1]]),
    "encoder.conv_norm_type": ("batch_norm",),
    "encoder.conv_context_size": (None,),
    "encoder.reduction": (None,),
    "preprocessor.sample_rate": (16000,),
    "preprocessor.window_stride": (0.01,),
    "preprocessor.normalize": ("per_feature",),
    "preprocessor.window": ("hann",),
    "preprocessor.log": (True,),
    "preprocessor.frame_splicing": (1,),
    "decoder.blank_as_pad": (True,),
    "joint.jointnet.activation": ("relu",),
}
"""What `ParakeetForRNNT` computes whatever its config says, and the 80 ms frames that our times count in; a
key that is left out means the same.
Cache-aware streaming checkpoints differ in six of them."""
_ENCODER = {
    "d_model": "hidden_size",
    "n_layers": "num_hidden_layers",
    "n_heads": "num_attention_heads",
    "feat_in": "num_mel_bins",
    "subsampling_factor": "subsampling_factor",
    "subsampling_conv_channels": "subsampling_conv_channels",
    "conv_kernel_size": "conv_kernel_size",
}
_MAX_SYMBOLS = 10
"""NeMo's default bound of tokens a frame."""


def model_config(config: Config, vocabulary: int, name: str) -> ParakeetRNNTConfig:
    """`vocabulary` counts the pieces without the blank, which NeMo puts behind them.

    Raises ConversionError for a missing key and for a variant that the class cannot hold.
    """
    _refuse_variants(config)
    network = _at(config, "decoder.prednet")
    return ParakeetRNNTConfig(
        vocab_size=vocabulary + 1,
        blank_token_id=vocabulary,
        pad_token_id=vocabulary,
        decoder_hidden_size=_at(network, "pred_hidden"),
        num_decoder_layers=_at(network, "pred_rnn_layers"),
        max_symbols_per_step=_at(config, "decoding.greedy.max_symbols", _MAX_SYMBOLS) or _MAX_SYMBOLS,
        encoder_config=_encoder(_at(config, "encoder")).to_dict(),
        impl=name,
    )


def feature_extractor(config: Config) -> ParakeetFeatureExtractor:
    """Log-mel features; window and hop are seconds in NeMo, samples here."""
    front = _at(config, "preprocessor")
    rate = _at(front, "sample_rate")
    return ParakeetFeatureExtractor(
        feature_size=_at(front, "features"),
        sampling_rate=rate,
        hop_length=round(_at(front, "window_stride") * rate),
        win_length=round(_at(front, "window_size") * rate),
        n_fft=_at(front, "n_fft"),
        preemphasis=_at(front, "preemph", 0.97),
    )


def _encoder(config: Config) -> ParakeetEncoderConfig:
    bias = _at(config, "use_bias", True)
    return ParakeetEncoderConfig(
        **{ours: _at(config, theirs) for theirs, ours in _ENCODER.items()},
        intermediate_size=_at(config, "d_model") * _at(config, "ff_expansion_factor", 4),
        max_position_embeddings=_at(config, "pos_emb_max_len", 5000),
        scale_input=_at(config, "xscaling", True),
        attention_bias=bias,
        convolution_bias=bias,
        layerdrop=0.0,
    )


def _refuse_variants(config: Config) -> None:
    for path, allowed in REQUIRED.items():
        if (found := _at(config, path, allowed[0])) not in allowed:
            raise ConversionError(f"{path} is {found!r}; only {allowed[0]!r} can be converted")


_NO_DEFAULT = object()


def _at(config: Config, path: str, default: Any = _NO_DEFAULT) -> Any:
    value: Any = config
    for key in path.split("."):
        value = value.get(key, _NO_DEFAULT) if isinstance(value, Mapping) else _NO_DEFAULT
    if value is not _NO_DEFAULT:
        return value
    if default is _NO_DEFAULT:
        raise ConversionError(f"the config has no {path}")
    return default
