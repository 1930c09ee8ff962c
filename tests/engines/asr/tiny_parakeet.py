"""A tiny FastConformer transducer in NeMo's terms: a random one, and ones that emit a chosen text.

Each of them with the full context or cache-aware.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers.audio_utils import mel_filter_bank

from tests.engines.asr.nemo_tensors import CHANNELS, HEADS, INNER, LAYERS, MELS, PREDICTION, WIDTH, shapes
from tests.engines.asr.tiny_archive import MARKS

PIECES = (
    *MARKS, "▁", "▁สวัสดี", "สวัส", "ดีครับ", "▁วัน", "นี้เรา", "เรียน", "ภาษา", "ไทย", "▁hel", "lo", "ก", "ข", "ค",
)  # fmt: skip
"""`ดีครับ` and `นี้เรา` straddle two words."""
BINS = 257
SURE = 60.0
"""Logit of a scripted token: its probability is 1 in float32."""
_COUNT = 0.02
"""What the counting cell gains each step: small enough that tanh does not saturate within a script."""
_SLOPE = 1000.0
"""Turns the counter's steps, at least 0.011 after tanh, into whole ones."""
CACHE_AWARE: dict[str, dict[str, Any]] = {
    "encoder": {
        "att_context_style": "chunked_limited", "att_context_size": [[70, 13], [70, 6], [70, 1], [70, 0]],
        "causal_downsampling": True, "conv_norm_type": "layer_norm", "conv_context_size": "causal",
    },
    "preprocessor": {"normalize": "NA"},
}  # fmt: skip
"""What the config of a cache-aware network changes."""

Weights = dict[str, Tensor]


def config(max_symbols: int = 10, *, cache_aware: bool = False) -> dict[str, Any]:
    """`model_config.yaml` of a tiny FastConformer transducer."""
    settings = _full_context(max_symbols)
    for part, changed in CACHE_AWARE.items() if cache_aware else ():
        settings[part].update(copy.deepcopy(changed))
    return settings


def _full_context(max_symbols: int) -> dict[str, Any]:
    return {
        "preprocessor": {
            "sample_rate": 16000, "normalize": "per_feature", "window_size": 0.025, "window_stride": 0.01,
            "window": "hann", "features": MELS, "n_fft": 512, "frame_splicing": 1,
        },
        "encoder": {
            "feat_in": MELS, "n_layers": LAYERS, "d_model": WIDTH, "n_heads": HEADS,
            "ff_expansion_factor": INNER // WIDTH, "subsampling": "dw_striding", "subsampling_factor": 8,
            "subsampling_conv_channels": CHANNELS, "causal_downsampling": False,
            "self_attention_model": "rel_pos", "att_context_size": [-1, -1],
            "att_context_style": "regular", "xscaling": True, "untie_biases": True, "conv_kernel_size": 9,
            "conv_norm_type": "batch_norm", "conv_context_size": None, "reduction": None,
        },
        "decoder": {"blank_as_pad": True, "prednet": {"pred_hidden": PREDICTION, "pred_rnn_layers": 1}},
        "joint": {"jointnet": {"joint_hidden": PREDICTION, "activation": "relu", "dropout": 0.2}},
        "decoding": {"strategy": "greedy_batch", "greedy": {"max_symbols": max_symbols}},
    }  # fmt: skip


def random_weights(*, cache_aware: bool = False) -> Weights:
    """Random tensors; the scales make the text depend on the audio and on the text before."""
    generator = torch.Generator().manual_seed(0)
    named = shapes(len(PIECES) + 1, cache_aware=cache_aware)
    weights = {name: _random(name, shape, generator) for name, shape in named}
    weights["joint.enc.weight"] *= 0.3
    weights["joint.pred.weight"] *= 4.0
    weights["joint.joint_net.2.bias"][-1] -= 3.0
    filters = mel_filter_bank(
        BINS, MELS, 0.0, 8000.0, 16000, norm="slaney", mel_scale="slaney", dtype=np.float32
    )
    weights["preprocessor.featurizer.fb"] = torch.from_numpy(np.ascontiguousarray(filters.T))[None]
    weights["preprocessor.featurizer.window"] = torch.hann_window(400, periodic=False)
    weights["decoder.prediction.embed.weight"][-1] = 0.0
    return weights


def scripted_weights(pieces: Sequence[str], *, cache_aware: bool = False) -> Weights:
    """A model that emits `pieces` whatever it hears, then blanks.

    The LSTM counts its steps in cell 0; two rectified units a step make that count a one-hot vector, which
    the joint network turns into the token.
    """
    assert 2 * len(pieces) + 2 <= PREDICTION
    weights = random_weights(cache_aware=cache_aware)
    for name in list(weights):
        if name.startswith(("decoder.", "joint.")):
            weights[name] = torch.zeros_like(weights[name])
    _count(weights)
    blank = len(PIECES)
    for step, piece in enumerate([*pieces, None]):
        token = blank if piece is None else PIECES.index(piece)
        head = weights["joint.joint_net.2.weight"][token]
        for unit, sign in ((step, 1.0), (step + 1, -1.0)):
            if 2 * unit + 1 < PREDICTION:
                head[2 * unit] += sign * SURE
                head[2 * unit + 1] -= sign * SURE
    return weights


def _random(name: str, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    if name.endswith("num_batches_tracked"):
        return torch.tensor(7)
    if name.endswith("running_var"):
        return 0.5 + torch.rand(shape, generator=generator)
    spread = 3.0 if name.startswith(("joint.", "decoder.")) else 1.0
    fan_in = math.prod(shape[1:]) if len(shape) > 1 else 4
    drawn = torch.randn(shape, generator=generator) * spread / math.sqrt(fan_in)
    return drawn + 1.0 if ".norm_" in name and name.endswith("weight") else drawn


def _count(weights: Weights) -> None:
    """Gates open for good; cell 0 gains _COUNT a step; units 2j and 2j+1 rise and level off after step j."""
    bias = weights["decoder.prediction.dec_rnn.lstm.bias_ih_l0"].view(4, PREDICTION)
    bias[[0, 1, 3]] = 20.0
    bias[2, 0] = math.atanh(_COUNT)
    steps = torch.arange(PREDICTION // 2) + 0.5
    rising = -_SLOPE * torch.tanh(_COUNT * steps)
    weights["joint.pred.weight"][:, 0] = _SLOPE
    weights["joint.pred.bias"].copy_(torch.stack([rising, rising - 1.0], 1).flatten())
