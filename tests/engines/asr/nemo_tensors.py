"""Names and shapes of the tensors of a tiny FastConformer transducer, as NeMo 3.0 saves them.

Read off NeMo's `EncDecRNNTBPEModel`, not off the converter's table.
"""

from __future__ import annotations

from collections.abc import Iterator

WIDTH, HEADS, INNER, CHANNELS, LAYERS, MELS = 16, 2, 32, 4, 2, 80
PREDICTION = 48
"""Width of the prediction and the joint network."""

Named = Iterator[tuple[str, tuple[int, ...]]]


def shapes(classes: int, *, cache_aware: bool = False) -> Named:
    """Every trained tensor; `classes` counts the blank. Causal convolutions end with one more mel bin."""
    yield from _linear("encoder.pre_encode.out", WIDTH, CHANNELS * (MELS // 8 + cache_aware))
    yield from _affine("encoder.pre_encode.conv.0", (CHANNELS, 1, 3, 3))
    for depthwise, pointwise in ((2, 3), (5, 6)):
        yield from _affine(f"encoder.pre_encode.conv.{depthwise}", (CHANNELS, 1, 3, 3))
        yield from _affine(f"encoder.pre_encode.conv.{pointwise}", (CHANNELS, CHANNELS, 1, 1))
    for layer in range(LAYERS):
        for name, shape in (*_layer(), *([] if cache_aware else _statistics())):
            yield f"encoder.layers.{layer}.{name}", shape
    yield "decoder.prediction.embed.weight", (classes, PREDICTION)
    for kind in ("ih", "hh"):
        yield f"decoder.prediction.dec_rnn.lstm.weight_{kind}_l0", (4 * PREDICTION, PREDICTION)
        yield f"decoder.prediction.dec_rnn.lstm.bias_{kind}_l0", (4 * PREDICTION,)
    yield from _linear("joint.pred", PREDICTION, PREDICTION)
    yield from _linear("joint.enc", PREDICTION, WIDTH)
    yield from _linear("joint.joint_net.2", classes, PREDICTION)


def _layer() -> Named:
    for norm in ("norm_feed_forward1", "norm_self_att", "norm_conv", "norm_feed_forward2", "norm_out"):
        yield from _affine(norm, (WIDTH,))
    for half in ("feed_forward1", "feed_forward2"):
        yield from _linear(f"{half}.linear1", INNER, WIDTH)
        yield from _linear(f"{half}.linear2", WIDTH, INNER)
    for name in ("q", "k", "v", "out"):
        yield from _linear(f"self_attn.linear_{name}", WIDTH, WIDTH)
    yield "self_attn.linear_pos.weight", (WIDTH, WIDTH)
    for bias in ("u", "v"):
        yield f"self_attn.pos_bias_{bias}", (HEADS, WIDTH // HEADS)
    yield from _affine("conv.pointwise_conv1", (2 * WIDTH, WIDTH, 1))
    yield from _affine("conv.depthwise_conv", (WIDTH, 1, 9))
    yield from _affine("conv.pointwise_conv2", (WIDTH, WIDTH, 1))
    yield from _affine("conv.batch_norm", (WIDTH,))


def _statistics() -> Named:
    """Of the batch normalisation; a cache-aware network's layer normalisation, of the same name, has none."""
    yield from ((f"conv.batch_norm.running_{kind}", (WIDTH,)) for kind in ("mean", "var"))
    yield "conv.batch_norm.num_batches_tracked", ()


def _affine(name: str, shape: tuple[int, ...]) -> Named:
    yield f"{name}.weight", shape
    yield f"{name}.bias", shape[:1]


def _linear(name: str, outputs: int, inputs: int) -> Named:
    return _affine(name, (outputs, inputs))
