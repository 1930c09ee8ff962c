"""A tiny random LTX 2.3: all parts of the real folder, which compress as much as the real ones do.

With 32 pixels and 8 frames to a latent, two seconds of 64x64 are 28 tokens, done in a moment.
"""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import (
    AutoencoderKLLTX2Audio,
    AutoencoderKLLTX2Video,
    FlowMatchEulerDiscreteScheduler,
    LTX2ImageToVideoPipeline,
    LTX2VideoTransformer3DModel,
)
from diffusers.pipelines.ltx2 import LTX2TextConnectors, LTX2VocoderWithBWE
from transformers import (
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    Gemma3TextConfig,
    GemmaTokenizer,
    SiglipVisionConfig,
)

HIDDEN, LAYERS = 16, 2
"""Of the text encoder; the connectors read the embedding and all its layers."""
VIDEO_DIM, AUDIO_DIM, HEADS = 24, 16, 2
"""Widths of the transformer's two streams, which text is projected to."""
LATENTS = 16
"""Channels of a video latent, and of the encoder that makes it."""
AUDIO_LATENTS, MELS = 2, 16
"""Channels of an audio latent, and mel bins: a quarter of them to a latent."""
SPECIAL = {"<pad>": 0, "<eos>": 1, "<bos>": 2, "<unk>": 3, "<mask>": 4}
IMAGE_TOKEN = len(SPECIAL) + 256
"""After the bytes."""


def build(folder: Path, seed: int = 0) -> Path:
    """Write the folder of a random pipeline, and return it."""
    torch.manual_seed(seed)
    LTX2ImageToVideoPipeline(
        scheduler=_scheduler(),
        vae=_vae(),
        audio_vae=_audio_vae(),
        text_encoder=_text_encoder(),
        tokenizer=GemmaTokenizer(vocab={**SPECIAL, **{f"<0x{n:02X}>": 5 + n for n in range(256)}}, merges=[]),
        connectors=_connectors(),
        transformer=_transformer(),
        vocoder=_vocoder(),
    ).save_pretrained(folder)
    return folder


def _scheduler() -> FlowMatchEulerDiscreteScheduler:
    """As the published full model has it."""
    return FlowMatchEulerDiscreteScheduler(
        use_dynamic_shifting=True, base_shift=0.95, max_shift=2.05, base_image_seq_len=1024,
        max_image_seq_len=4096, shift_terminal=0.1,
    )  # fmt: skip


def _text_encoder() -> Gemma3ForConditionalGeneration:
    text = Gemma3TextConfig(
        vocab_size=IMAGE_TOKEN + 1, hidden_size=HIDDEN, intermediate_size=24, num_hidden_layers=LAYERS,
        num_attention_heads=2, num_key_value_heads=1, head_dim=8,
    )  # fmt: skip
    sight = SiglipVisionConfig(
        hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1, image_size=28,
    )  # fmt: skip
    return Gemma3ForConditionalGeneration(
        Gemma3Config(
            text_config=text.to_dict(), vision_config=sight.to_dict(), mm_tokens_per_image=4,
            image_token_index=IMAGE_TOKEN, boi_token_index=IMAGE_TOKEN, eoi_token_index=IMAGE_TOKEN,
        )
    )  # fmt: skip


def _connectors() -> LTX2TextConnectors:
    return LTX2TextConnectors(
        caption_channels=HIDDEN, text_proj_in_factor=LAYERS + 1, per_modality_projections=True,
        video_hidden_dim=VIDEO_DIM, audio_hidden_dim=AUDIO_DIM, proj_bias=True, rope_type="split",
        video_connector_num_attention_heads=HEADS, video_connector_attention_head_dim=VIDEO_DIM // HEADS,
        video_connector_num_layers=1, video_gated_attn=True, video_connector_num_learnable_registers=8,
        audio_connector_num_attention_heads=HEADS, audio_connector_attention_head_dim=AUDIO_DIM // HEADS,
        audio_connector_num_layers=1, audio_gated_attn=True, audio_connector_num_learnable_registers=8,
    )  # fmt: skip


def _transformer() -> LTX2VideoTransformer3DModel:
    audio_channels = AUDIO_LATENTS * MELS // 4
    return LTX2VideoTransformer3DModel(
        in_channels=LATENTS, out_channels=LATENTS, num_attention_heads=HEADS,
        attention_head_dim=VIDEO_DIM // HEADS, cross_attention_dim=VIDEO_DIM,
        audio_in_channels=audio_channels, audio_out_channels=audio_channels, audio_num_attention_heads=HEADS,
        audio_attention_head_dim=AUDIO_DIM // HEADS, audio_cross_attention_dim=AUDIO_DIM, num_layers=2,
        caption_channels=HIDDEN, gated_attn=True, cross_attn_mod=True, audio_gated_attn=True,
        audio_cross_attn_mod=True, use_prompt_embeddings=False, perturbed_attn=True, rope_type="split",
    )  # fmt: skip


def _vae() -> AutoencoderKLLTX2Video:
    return AutoencoderKLLTX2Video(
        latent_channels=LATENTS, block_out_channels=(LATENTS,) * 4, layers_per_block=(1, 1, 1, 1, 1),
        decoder_block_out_channels=(8, 16, 16, 32), decoder_layers_per_block=(1, 1, 1, 1, 1),
        decoder_spatio_temporal_scaling=(True,) * 4, decoder_inject_noise=(False,) * 5,
        upsample_type=("spatiotemporal", "spatiotemporal", "temporal", "spatial"),
        upsample_residual=(False,) * 4, upsample_factor=(2, 2, 1, 2), decoder_causal=False,
        decoder_spatial_padding_mode="zeros", spatial_compression_ratio=32, temporal_compression_ratio=8,
    )  # fmt: skip


def _audio_vae() -> AutoencoderKLLTX2Audio:
    """As many channels as an audio latent has numbers: the pipeline takes both from one of them."""
    return AutoencoderKLLTX2Audio(
        base_channels=AUDIO_LATENTS * MELS // 4,
        latent_channels=AUDIO_LATENTS,
        num_res_blocks=1,
        mel_bins=MELS,
    )


def _vocoder() -> LTX2VocoderWithBWE:
    """160 samples at 16 kHz for each mel frame, and then three for each one: 48 kHz, in stereo."""
    return LTX2VocoderWithBWE(
        in_channels=2 * MELS, hidden_channels=16, upsample_factors=[10, 16], upsample_kernel_sizes=[20, 32],
        resnet_kernel_sizes=[3], resnet_dilations=[[1]], bwe_in_channels=2 * MELS, bwe_hidden_channels=16,
        bwe_upsample_factors=[15, 16], bwe_upsample_kernel_sizes=[31, 32], bwe_resnet_kernel_sizes=[3],
        bwe_resnet_dilations=[[1]], num_mel_channels=MELS,
    )  # fmt: skip
