"""A tiny random OmniVoice: all parts of the real folder, 24 kHz, nothing to download."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import (
    DacConfig,
    DacFeatureExtractor,
    HiggsAudioV2TokenizerConfig,
    HiggsAudioV2TokenizerModel,
    HubertConfig,
    PreTrainedConfig,
    Qwen3Config,
)

from deployments.tts.omnivoice.engine import OmniVoice
from tests.engines.asr.tiny_tokenizer import byte_tokenizer

MARKS = tuple(
    f"<|{name}|>"
    for name in (
        "denoise", "lang_start", "lang_end", "instruct_start", "instruct_end", "text_start", "text_end",
    )
)  # fmt: skip
AUDIO_VOCABULARY = 1025
"""A codebook of 1024 and the mask. Audio tokens are looked up in the text embedding too, before they are
masked out, so that must be larger."""
RATIOS = [8, 5, 4, 2, 3]
"""Of the codec: 960 samples a frame, 25 frames a second, as in the real one."""


def build(folder: Path, seed: int = 0) -> Path:
    """Write the checkpoint of a random model, and return its folder."""
    torch.manual_seed(seed)
    OmniVoice(_config()).save_pretrained(folder)
    byte_tokenizer(MARKS).save_pretrained(folder)
    _codec().save_pretrained(folder / "audio_tokenizer")
    features = DacFeatureExtractor(feature_size=1, sampling_rate=24_000, hop_length=960)
    features.save_pretrained(folder / "audio_tokenizer")
    return folder


def _config() -> PreTrainedConfig:
    llm = Qwen3Config(
        vocab_size=1088, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16, max_position_embeddings=2048,
    )  # fmt: skip
    return OmniVoice.config_class(audio_vocab_size=AUDIO_VOCABULARY, audio_mask_id=1024, llm_config=llm)


def _codec() -> HiggsAudioV2TokenizerModel:
    acoustic = DacConfig(
        encoder_hidden_size=1, decoder_hidden_size=32, downsampling_ratios=RATIOS, codebook_size=1024,
        sampling_rate=24_000,
    )  # fmt: skip
    semantic = HubertConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48, conv_dim=(16,) * 7,
        num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=2, mask_time_prob=0.0,
    )  # fmt: skip
    codec = HiggsAudioV2TokenizerModel(
        HiggsAudioV2TokenizerConfig(
            acoustic_model_config=acoustic.to_dict(), semantic_model_config=semantic.to_dict(),
            codebook_dim=16, codebook_size=1024, target_bandwidths=[0.5, 1, 1.5, 2], sample_rate=24_000,
        )
    )  # fmt: skip
    # Codebooks begin as zeros, with which all tokens sound the same.
    for name, codebook in codec.named_buffers():
        if name.endswith("codebook.embed"):
            codebook.normal_()
    return codec
