"""Qwen3-TTS checkpoints of 1 MB with random weights: a language model, a codec and a text tokenizer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from qwen_tts.core.models import Qwen3TTSConfig, Qwen3TTSForConditionalGeneration, Qwen3TTSProcessor
from qwen_tts.core.tokenizer_12hz.configuration_qwen3_tts_tokenizer_v2 import Qwen3TTSTokenizerV2Config
from qwen_tts.core.tokenizer_12hz.modeling_qwen3_tts_tokenizer_v2 import Qwen3TTSTokenizerV2Model
from transformers import EncodecFeatureExtractor, Qwen2TokenizerFast

from tests.engines.asr.tiny_tokenizer import END, PAD, byte_tokenizer

MARKS = ("<|im_start|>", "<tts_pad>", "<tts_text_bos>", "<tts_text_eod>")
SPEAKERS = ("ryan", "vivian")
LANGUAGES = ("english", "chinese", "japanese", "korean")
GROUPS, CODES = 4, 16
"""Of the codec. So few codes that one frame in seventeen is the last: speech takes a second or two."""
LOUD = 0.1
"""Spread of the codec's weights: its speech is heard and does not clip."""
CONTROL = 1024
"""Ids after the codes that the package never samples, but for the end."""
END_OF_SPEECH = CODES + 1
TINY = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 16,
}
SPEAKER_ENCODER = {
    "enc_dim": 32,
    "enc_channels": [16, 16, 16, 16, 48],
    "enc_attention_channels": 8,
    "enc_se_channels": 8,
    "enc_res2net_scale": 4,
    "sample_rate": 24_000,
}


def build(
    folder: Path,
    kind: str,
    *,
    speakers: tuple[str, ...] = SPEAKERS,
    languages: tuple[str, ...] = LANGUAGES,
    size: str = "1b7",
    endless: bool = False,
) -> str:
    """Write a checkpoint of a `kind`, `custom_voice` or `base`; an `endless` one never ends its speech."""
    torch.manual_seed(0)
    tokenizer = Qwen2TokenizerFast(
        tokenizer_object=byte_tokenizer(MARKS).backend_tokenizer, pad_token=PAD, eos_token=END
    )
    model = Qwen3TTSForConditionalGeneration(_config(tokenizer, kind, speakers, languages, size))
    _randomize(model, endless)
    model.save_pretrained(folder)
    _complete_settings(folder / "config.json")
    Qwen3TTSProcessor(tokenizer=tokenizer).save_pretrained(folder)
    (folder / "generation_config.json").write_text('{"do_sample": true, "max_new_tokens": 8192}')
    _write_codec(folder / "speech_tokenizer")
    return str(folder)


def _config(
    tokenizer: Qwen2TokenizerFast, kind: str, speakers: tuple[str, ...], languages: tuple[str, ...], size: str
) -> Qwen3TTSConfig:
    control = iter(range(END_OF_SPEECH + 1, CODES + CONTROL))
    talker = {
        **TINY,
        "vocab_size": CODES + CONTROL,
        "num_hidden_layers": 2,
        "text_hidden_size": 32,
        "text_vocab_size": len(tokenizer),
        "num_code_groups": GROUPS,
        "codec_eos_token_id": END_OF_SPEECH,
        **{
            f"codec_{name}_id": next(control)
            for name in ("think", "nothink", "think_bos", "think_eos", "pad", "bos")
        },
        "spk_id": {name: next(control) for name in speakers},
        "spk_is_dialect": dict.fromkeys(speakers, False),
        "codec_language_id": {name: next(control) for name in languages},
        "rope_scaling": {"rope_type": "default", "mrope_section": [4, 2, 2], "interleaved": True},
        "code_predictor_config": {
            **TINY,
            "vocab_size": CODES,
            "num_hidden_layers": 1,
            "num_code_groups": GROUPS,
        },
    }
    marks = {"im_start": "<|im_start|>", "im_end": END, "tts_pad": "<tts_pad>"}
    marks |= {"tts_bos": "<tts_text_bos>", "tts_eos": "<tts_text_eod>"}
    return Qwen3TTSConfig(
        talker_config=talker,
        speaker_encoder_config=SPEAKER_ENCODER,
        tokenizer_type="qwen3_tts_tokenizer_12hz",
        tts_model_size=size,
        tts_model_type=kind,
        **{f"{name}_token_id": tokenizer.convert_tokens_to_ids(mark) for name, mark in marks.items()},
    )


def _randomize(model: Qwen3TTSForConditionalGeneration, endless: bool) -> None:
    """So large that each input matters, the language and the speaker too; but the first code of a frame is as
    likely as any other, and as the end of the speech."""
    for parameter in model.parameters():
        if parameter.ndim > 1:
            parameter.data.normal_(0, 0.3)
    head = model.talker.codec_head.weight.data.zero_()
    if endless:  # whatever the hidden state, half of the codes are likelier than the end
        head[: CODES // 2], head[CODES // 2 : CODES] = 10.0, -10.0


def _complete_settings(path: Path) -> None:
    """The class writes settings of the speaker encoder that it does not read again."""
    settings: dict[str, Any] = json.loads(path.read_text())
    settings["speaker_encoder_config"] = SPEAKER_ENCODER
    path.write_text(json.dumps(settings))


def _write_codec(folder: Path) -> None:
    shared: Mapping[str, Any] = {
        **TINY,
        "codebook_size": CODES,
        "num_quantizers": GROUPS,
        "num_hidden_layers": 1,
    }
    encoder = {
        **shared,
        "num_filters": 4,
        "num_residual_layers": 1,
        "upsampling_ratios": [8, 6, 5, 4],
        "codebook_dim": 16,
        "vector_quantization_hidden_dimension": 16,
        "num_semantic_quantizers": 1,
        "frame_rate": 12.5,
        "upsample_groups": 32,
        "sampling_rate": 24_000,
    }
    decoder = {
        **shared,
        "codebook_dim": 32,
        "latent_dim": 32,
        "upsample_rates": (8, 5, 4, 3),
        "upsampling_ratios": (2, 2),
        "decoder_dim": 32,
    }
    config = Qwen3TTSTokenizerV2Config(
        encoder_config=encoder, decoder_config=decoder, encoder_valid_num_quantizers=GROUPS
    )
    codec = Qwen3TTSTokenizerV2Model(config)
    for name, tensor in codec.state_dict().items():
        if name.endswith(("embedding_sum", "embed_sum")):
            tensor.normal_()
        elif name.endswith("cluster_usage"):
            tensor.fill_(1.0)
        elif tensor.ndim > 1:
            tensor.normal_(0, LOUD)
    codec.save_pretrained(folder)
    EncodecFeatureExtractor(feature_size=1, sampling_rate=24_000).save_pretrained(folder)
