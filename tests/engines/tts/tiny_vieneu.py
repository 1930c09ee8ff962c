"""A tiny random VieNeu-TTS v2 with its codec: language model, preset voices, ONNX decoder and encoder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from transformers import (
    GenerationConfig,
    NeuCodecConfig,
    NeuCodecFeatureExtractor,
    NeuCodecModel,
    Qwen2Config,
    Qwen2ForCausalLM,
    Wav2Vec2BertConfig,
)

from tests.engines.asr.tiny_tokenizer import byte_tokenizer

CODES = 256
"""Of the codec; the real one has 65,536."""
HOP = 480
"""Samples a code at 24 kHz."""
SPEECH_END = "<|SPEECH_GENERATION_END|>"
MARKS = (
    "<|TEXT_PROMPT_START|>", "<|TEXT_PROMPT_END|>", "<|SPEECH_GENERATION_START|>", SPEECH_END,
    "<|emotion_0|>", "<|emotion_1|>", *(f"<|speech_{code}|>" for code in range(CODES)),
)  # fmt: skip
TEXTS = {"yen_nhi": "Xin chào các bạn.", "my_van": "Hôm nay trời đẹp."}
"""The preset voices, and what each says in its recording."""


def build(folder: Path, seed: int = 0) -> Path:
    """Write the language model and the voices, and return the folder. It hardly ever comes to an end."""
    tokenizer = byte_tokenizer(MARKS)
    end = tokenizer.convert_tokens_to_ids(SPEECH_END)
    torch.manual_seed(seed)
    model = Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
            num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=2048,
            eos_token_id=end, bos_token_id=None, pad_token_id=tokenizer.pad_token_id,
        )
    )  # fmt: skip
    model.generation_config = GenerationConfig(eos_token_id=end, pad_token_id=tokenizer.pad_token_id)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "voices.json").write_text(json.dumps(_voices()), encoding="utf-8")
    return folder


def _voices() -> dict[str, object]:
    random = np.random.default_rng(0)
    presets = {
        name: {"description": name, "codes": random.integers(0, CODES, 20).tolist(), "text": text}
        for name, text in TEXTS.items()
    }
    return {"default_voice": "yen_nhi", "presets": presets}


def build_decoder(file: Path) -> Path:
    """Write an ONNX decoder with the real one's names and shapes; each code is a fixed piece of noise."""
    table = (np.random.default_rng(1).standard_normal((CODES, HOP)) * 0.1).astype(np.float32)
    nodes = [
        helper.make_node("Squeeze", ["codes", "axis"], ["rows"]),
        helper.make_node("Gather", ["table", "rows"], ["pieces"]),
        helper.make_node("Reshape", ["pieces", "shape"], ["recon"]),
    ]
    graph = helper.make_graph(
        nodes,
        "neucodec",
        [helper.make_tensor_value_info("codes", TensorProto.INT32, ["batch", 1, "frames"])],
        [helper.make_tensor_value_info("recon", TensorProto.FLOAT, ["batch", 1, "samples"])],
        [
            numpy_helper.from_array(table, "table"),
            numpy_helper.from_array(np.array([1]), "axis"),
            numpy_helper.from_array(np.array([0, 1, -1]), "shape"),
        ],
    )
    # Opset 17 and IR 9: what onnxruntime has read since 2023.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, file)
    return file


def build_encoder(folder: Path, seed: int = 0) -> Path:
    """Write a random NeuCodec with as many codes as the decoder has, and return its folder."""
    torch.manual_seed(seed)
    semantic = Wav2Vec2BertConfig(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        feature_projection_input_dim=160, conv_depthwise_kernel_size=3, layerdrop=0.0,
    )  # fmt: skip
    config = NeuCodecConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2, head_dim=16, encoder_hidden_size=4, quantization_dim=64,
        quantization_levels=[4, 4, 4, 4], semantic_model_config=semantic.to_dict(),
    )  # fmt: skip
    model = NeuCodecModel(config)
    # Random weights end near the middle of every scale: with these a recording's codes differ.
    with torch.no_grad():
        model.quantizer.project_in.weight.mul_(10_000)
    model.save_pretrained(folder)
    NeuCodecFeatureExtractor().save_pretrained(folder)
    return folder
