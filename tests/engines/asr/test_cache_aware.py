"""What the `typhoon` engine computes with a cache-aware checkpoint; `test_typhoon` has what all share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import (
    NemotronAsrStreamingConfig,
    NemotronAsrStreamingEncoderConfig,
    NemotronAsrStreamingFeatureExtractor,
    NemotronAsrStreamingForRNNT,
)

from deployments.asr.nemo.convert_typhoon import convert
from deployments.asr.nemo.streaming import streaming_name
from deployments.asr.replica import Window
from deployments.asr.typhoon.engine import TyphoonRecognizer
from deployments.asr.typhoon.transducer import greedy
from serve_app.engines import SAMPLE_RATE, Audio
from tests.engines.asr.nemo_tensors import CHANNELS, HEADS, INNER, LAYERS, MELS, PREDICTION, WIDTH
from tests.engines.asr.tiny_archive import write_archive
from tests.engines.asr.tiny_parakeet import PIECES, config, random_weights

CHUNK = 14
"""Encoder frames that see one another: a frame and the 13 that it looks ahead."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model that came through an archive."""
    folder = tmp_path_factory.mktemp("cache-aware")
    settings = config(max_symbols=2, cache_aware=True)
    archive = write_archive(folder / "tiny.nemo", random_weights(cache_aware=True), settings, PIECES)
    convert(archive, folder, "tiny")
    return folder


@pytest.fixture(scope="module")
def recognizer(folder: Path) -> TyphoonRecognizer:
    return TyphoonRecognizer(str(folder), device="cpu")


def noise(seconds: float, seed: int = 0) -> Audio:
    return np.random.default_rng(seed).normal(0, 0.05, int(seconds * SAMPLE_RATE)).astype(np.float32)


def encoded(recognizer: TyphoonRecognizer, audio: Audio) -> Tensor:
    """Encoder frames of the engine: (frames, width)."""
    with torch.inference_mode():
        inputs = recognizer._processor([audio], sampling_rate=SAMPLE_RATE)
        frames: Tensor = recognizer._model.get_audio_features(**inputs).last_hidden_state[0]
    return frames


def test_every_tensor_is_carried_over(folder: Path) -> None:
    """ASR-002: the network of the archive, tensor by tensor, under the names of the other class."""
    loaded, weights = load_file(folder / "model.safetensors"), random_weights(cache_aware=True)
    names = {name: streaming_name(name) for name in weights if not name.startswith("preprocessor.")}
    assert set(names.values()) == set(loaded)
    assert all(torch.equal(weights[name], loaded[ours]) for name, ours in names.items() if ours)


def test_the_engine_hears_what_transformers_hears(folder: Path, recognizer: TyphoonRecognizer) -> None:
    """ASR-045: features, settings and tokens are those of the class that is fed directly."""
    encoder = NemotronAsrStreamingEncoderConfig(
        hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS, intermediate_size=INNER,
        num_mel_bins=MELS, subsampling_conv_channels=CHANNELS, sliding_window=71,
    )  # fmt: skip
    blank = len(PIECES)
    settings = NemotronAsrStreamingConfig(
        vocab_size=blank + 1, blank_token_id=blank, decoder_hidden_size=PREDICTION, num_decoder_layers=1,
        max_symbols_per_step=2, encoder_config=encoder,
    )  # fmt: skip
    direct = NemotronAsrStreamingForRNNT(settings).eval()
    direct.load_state_dict(load_file(folder / "model.safetensors"))
    audio = noise(2.5)
    features = NemotronAsrStreamingFeatureExtractor()([audio], sampling_rate=SAMPLE_RATE)
    with torch.inference_mode():
        out = direct.get_audio_features(**features, num_lookahead_tokens=CHUNK - 1)
        (tokens,) = greedy(direct, out.pooler_output, out.attention_mask.sum(-1))
    assert torch.equal(encoded(recognizer, audio), out.last_hidden_state[0])
    (heard,) = recognizer.recognize([Window(audio)])
    assert heard.tokens == tuple(token.id for token in tokens)
    assert len(set(heard.tokens)) > 3


def test_a_chunk_sees_itself_and_what_was_before(recognizer: TyphoonRecognizer) -> None:
    """ASR-045: frames look 13 ahead at most, and no further than their chunk's end."""
    before = noise(0.08 * CHUNK)
    one, other = (encoded(recognizer, np.concatenate([before, noise(1.0, seed)])) for seed in (1, 2))
    same = ((one - other).abs().amax(-1) < 1e-5).tolist()
    assert same == [True] * CHUNK + [False] * (len(same) - CHUNK)
    changed = encoded(recognizer, np.concatenate([before[:-1600], noise(0.1, 3), noise(1.0, 1)]))
    assert not torch.allclose(changed[0], one[0], atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_padding_that_sees_no_audio_does_no_harm(folder: Path, dtype: str) -> None:
    """ASR-005: far behind a short window every key is masked; NaN there would spread to its frames."""
    recognizer = TyphoonRecognizer(str(folder), device="cpu", dtype=dtype)
    short, long = Window(noise(0.3, 1)), Window(noise(0.08 * (70 + 2 * CHUNK)))
    alone, together = recognizer.recognize([short]), recognizer.recognize([short, long])
    assert together[0].tokens == alone[0].tokens
    assert all(np.isfinite(heard.avg_logprob) for heard in together)
