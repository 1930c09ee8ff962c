"""Reads NeMo's configuration of a FastConformer transducer as arguments of transformers' classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deployments.asr.nemo.archive import ConversionError

Config = Mapping[str, Any]
Settings = dict[str, tuple[Any, ...]]
"""Values of a key that a network can have, the one to name first."""

REQUIRED: Settings = {
    "encoder.subsampling": ("dw_striding",),
    "encoder.subsampling_factor": (8,),
    "encoder.self_attention_model": ("rel_pos",),
    "encoder.untie_biases": (True,),
    "encoder.reduction": (None,),
    "preprocessor.sample_rate": (16000,),
    "preprocessor.window_stride": (0.01,),
    "preprocessor.window": ("hann",),
    "preprocessor.log": (True,),
    "preprocessor.log_zero_guard_type": ("add",),
    "preprocessor.log_zero_guard_value": (2**-24,),
    "preprocessor.mag_power": (2.0,),
    "preprocessor.exact_pad": (False,),
    "preprocessor.frame_splicing": (1,),
    "decoder.blank_as_pad": (True,),
    "joint.jointnet.activation": ("relu",),
}
"""What transformers computes whatever its config says, and the 80 ms frames that our times count in; a key
that is left out means the same. Six more settings tell full-context networks (`nemo_parakeet`) from
cache-aware ones (`nemo_streaming`)."""
_ENCODER = {
    "d_model": "hidden_size",
    "n_layers": "num_hidden_layers",
    "n_heads": "num_attention_heads",
    "feat_in": "num_mel_bins",
    "subsampling_factor": "subsampling_factor",
    "subsampling_conv_channels": "subsampling_conv_channels",
    "conv_kernel_size": "conv_kernel_size",
}
_BOUNDS = "decoding.greedy.max_symbols", "decoding.greedy.max_symbols_per_step"
"""NeMo's two names of the bound of tokens a frame; the first that is set counts."""
_MAX_SYMBOLS = 10
"""NeMo's default bound."""


def network_fields(config: Config, vocabulary: int, name: str) -> dict[str, Any]:
    """Prediction and joint network. `vocabulary` counts the pieces without the blank, which NeMo puts behind.

    Raises ConversionError for a missing key.
    """
    network = at(config, "decoder.prednet")
    return {
        "vocab_size": vocabulary + 1,
        "blank_token_id": vocabulary,
        "pad_token_id": vocabulary,
        "decoder_hidden_size": at(network, "pred_hidden"),
        "num_decoder_layers": at(network, "pred_rnn_layers"),
        "max_symbols_per_step": next(
            filter(None, (at(config, path, None) for path in _BOUNDS)), _MAX_SYMBOLS
        ),
        "impl": name,
    }


def encoder_fields(config: Config) -> dict[str, Any]:
    """Encoder. Raises ConversionError for a missing key."""
    encoder = at(config, "encoder")
    bias = at(encoder, "use_bias", True)
    return {
        **{ours: at(encoder, theirs) for theirs, ours in _ENCODER.items()},
        "intermediate_size": at(encoder, "d_model") * at(encoder, "ff_expansion_factor", 4),
        "max_position_embeddings": at(encoder, "pos_emb_max_len", 5000),
        "scale_input": at(encoder, "xscaling", True),
        "attention_bias": bias,
        "convolution_bias": bias,
        "layerdrop": 0.0,
    }


def feature_fields(config: Config) -> dict[str, Any]:
    """Log-mel features; window and hop are seconds in NeMo, samples here.

    Raises ConversionError for a missing key.
    """
    front = at(config, "preprocessor")
    rate = at(front, "sample_rate")
    return {
        "feature_size": at(front, "features"),
        "sampling_rate": rate,
        "hop_length": round(at(front, "window_stride") * rate),
        "win_length": round(at(front, "window_size") * rate),
        "n_fft": at(front, "n_fft"),
        "preemphasis": at(front, "preemph", 0.97),
    }


_NO_DEFAULT = object()


def at(config: Config, path: str, default: Any = _NO_DEFAULT) -> Any:
    """The value of a dotted key. Without a default, a key that is missing or null raises ConversionError."""
    value: Any = config
    for key in path.split("."):
        value = value.get(key, _NO_DEFAULT) if isinstance(value, Mapping) else _NO_DEFAULT
    if default is _NO_DEFAULT and value in (None, _NO_DEFAULT):
        raise ConversionError(f"the config has no {path}")
    return default if value is _NO_DEFAULT else value
