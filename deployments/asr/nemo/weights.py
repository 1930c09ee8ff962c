"""Names of a FastConformer transducer's tensors: NeMo's and transformers', side by side."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor

from deployments.asr.nemo.archive import ConversionError

MODULES = {
    "encoder.pre_encode.conv": "encoder.subsampling.layers",
    "encoder.pre_encode.out": "encoder.subsampling.linear",
    "decoder.prediction.embed": "decoder.embedding",
    "decoder.prediction.dec_rnn.lstm": "decoder.lstm",
    "joint.enc": "encoder_projector",
    "joint.pred": "decoder.decoder_projector",
    # NeMo numbers the joint network's dropout, which it leaves out where it is 0.
    "joint.joint_net.1": "joint.head",
    "joint.joint_net.2": "joint.head",
}
LAYER = {
    "norm_feed_forward1": "norm_feed_forward1",
    "norm_self_att": "norm_self_att",
    "norm_conv": "norm_conv",
    "norm_feed_forward2": "norm_feed_forward2",
    "norm_out": "norm_out",
    "feed_forward1.linear1": "feed_forward1.linear1",
    "feed_forward1.linear2": "feed_forward1.linear2",
    "feed_forward2.linear1": "feed_forward2.linear1",
    "feed_forward2.linear2": "feed_forward2.linear2",
    "self_attn.linear_q": "self_attn.q_proj",
    "self_attn.linear_k": "self_attn.k_proj",
    "self_attn.linear_v": "self_attn.v_proj",
    "self_attn.linear_out": "self_attn.o_proj",
    "self_attn.linear_pos": "self_attn.relative_k_proj",
    "self_attn.pos_bias_u": "self_attn.bias_u",
    "self_attn.pos_bias_v": "self_attn.bias_v",
    "conv.pointwise_conv1": "conv.pointwise_conv1",
    "conv.depthwise_conv": "conv.depthwise_conv",
    "conv.batch_norm": "conv.norm",
    "conv.pointwise_conv2": "conv.pointwise_conv2",
}
"""Modules and parameters of one `encoder.layers.N`."""
FILTERBANK, WINDOW = "preprocessor.featurizer.fb", "preprocessor.featurizer.window"
"""Constants of the features: transformers computes its own, which must be the same."""
SAME_FEATURES = 1e-4
"""The two filter banks differ by 1e-9 for equal settings, by 1e-2 for a wrong sample rate."""


def renamed_weights(
    weights: Mapping[str, Tensor], targets: Mapping[str, Tensor], name_of: Callable[[str], str | None]
) -> dict[str, Tensor]:
    """The state dict under transformers' names, which `name_of` tells.

    `targets` is the state dict to fill. Raises ConversionError naming tensors that are unknown, missing or of
    another shape.
    """
    names = {name: name_of(name) for name in weights if name not in (FILTERBANK, WINDOW)}
    _refuse("unknown tensors", (name for name, ours in names.items() if ours not in targets))
    filled = {ours: weights[name] for name, ours in names.items() if ours is not None}
    _refuse("missing tensors", (f"{name} (ours)" for name in targets.keys() - filled.keys()))
    _refuse(
        "tensors of another shape",
        (
            f"{name} {tuple(weights[name].shape)} (expected {tuple(targets[ours].shape)})"
            for name, ours in names.items()
            if ours is not None and weights[name].shape != targets[ours].shape
        ),
    )
    return filled


def parakeet_name(name: str) -> str | None:
    """Our name of a tensor; None for one that we do not know."""
    if layer := re.match(r"encoder\.layers\.\d+\.", name):
        inside = renamed(name[layer.end() :], LAYER)
        return inside and layer[0] + inside
    return renamed(name, MODULES)


def check_features(weights: Mapping[str, Tensor], filters: Tensor) -> None:
    """Raises ConversionError when the archive was trained on other features than `filters` (mels, bins)."""
    theirs = weights.get(FILTERBANK)
    if theirs is not None and not (
        theirs[0].shape == filters.shape and torch.allclose(theirs[0], filters, atol=SAME_FEATURES)
    ):
        raise ConversionError(f"{FILTERBANK} is not the filter bank of the config")


def renamed(name: str, table: Mapping[str, str]) -> str | None:
    """A tensor's name with its module renamed by `table`; None for a module that is not in it."""
    for theirs, ours in table.items():
        if name == theirs or name.startswith(theirs + "."):
            return ours + name.removeprefix(theirs)
    return None


def _refuse(what: str, names: Iterable[str]) -> None:
    if listed := sorted(names):
        raise ConversionError(f"{what}: {', '.join(listed)}")
