"""VieNeu-TTS v2 from local folders only, one chunk of phonemes at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging
from vieneu.standard import VieNeuTTS
from vieneu.utils import NeuCodecOnnx

from deployments.serving.loader import EngineConfigError
from deployments.serving.torch_device import torch_device, torch_dtype
from serve_app.engines import Audio
from serve_app.errors import InvalidRequest

CODES_A_SIGN = 3
"""Of slow reading: 50 codes a second, 3 syllables a second, about six phonetic signs a syllable."""
PATIENCE = 3
"""A sampled voice that has not ended after this many times slow reading never will: it babbles."""
FEWEST_CODES = 50
TEMPERATURE, TOP_K = 1.0, 50
"""The package's; a voice of less than a second may have drawn the end before it began."""


class Voice(NamedTuple):
    """A recording that the language model goes on from."""

    codes: Sequence[int]
    """NeuCodec, 50 a second."""
    phonemes: str
    """What is said in it."""


class VieNeuModel(VieNeuTTS):
    """The package's engine; the steps of its constructor that reach beyond this machine are replaced."""

    def __init__(self, checkpoint: str, decoder: str, place: torch.device, dtype: torch.dtype) -> None:
        """Of files that are there. Raises EngineConfigError when no voice is among them."""
        self.place, self._dtype = place, dtype
        super().__init__(backbone_repo=checkpoint, codec_repo=decoder, gguf_filename=None)
        if not self._preset_voices:
            raise EngineConfigError(f"checkpoint {checkpoint!r}: voices.json has no presets")

    @property
    def presets(self) -> tuple[str, ...]:
        """Names of the built-in voices, the default one first."""
        return tuple(sorted(self._preset_voices, key=lambda name: name != self._default_voice))

    def preset(self, name: str) -> tuple[Sequence[int], str]:
        """Codes and transcript of one of `presets`."""
        voice = self._preset_voices[name]
        return voice["codes"], voice["text"]

    def speak(self, phonemes: str, voice: Voice, emotion: str | None) -> Audio:
        """24 kHz samples; draws from torch's global generator. They are marked where resemble-perth is
        installed, as the package does.

        Raises InvalidRequest when the voice's recording leaves no room for the text.
        """
        prompt = self._apply_chat_template(voice.codes, voice.phonemes, phonemes, emotion_tag=emotion)
        expected = max(FEWEST_CODES, CODES_A_SIGN * len(phonemes))
        room = self.max_context - len(prompt)
        if room < expected:
            raise InvalidRequest("f5_sample is too long for this text; use a shorter recording.")
        tokens = self._continued(prompt, min(room, PATIENCE * expected))
        samples: Audio = self._apply_watermark(self._decode(self.tokenizer.decode(tokens)))
        return samples.astype(np.float32, copy=False)

    @torch.inference_mode()
    def _continued(self, prompt: list[int], most: int) -> list[int]:
        ids = torch.tensor([prompt], device=self.place)
        tokens = self.backbone.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            min_new_tokens=FEWEST_CODES,
            max_new_tokens=most,
            eos_token_id=self.tokenizer.convert_tokens_to_ids("<|SPEECH_GENERATION_END|>"),
            do_sample=True,
            temperature=TEMPERATURE,
            top_k=TOP_K,
        )
        new: list[int] = tokens[0, len(prompt) :].tolist()
        return new

    def _load_backbone(self, backbone_repo: str, *_: object) -> None:
        """Without the package's `trust_remote_code`: version 2 is a plain causal language model."""
        logging.disable_progress_bar()
        self.tokenizer = AutoTokenizer.from_pretrained(backbone_repo, local_files_only=True)
        model = AutoModelForCausalLM.from_pretrained(backbone_repo, dtype=self._dtype, local_files_only=True)
        self.backbone = model.to(self.place).eval()

    def _load_codec(self, codec_repo: str, codec_device: str) -> None:
        """From a file; the package knows the decoder by the name of its repository only."""
        self.codec = NeuCodecOnnx(codec_repo)
        self._is_onnx_codec = True

    def _warmup_model(self) -> None:
        """Left to the replica: the package's runs on to the end of the context, and hides errors."""


def load_vieneu(checkpoint: str, decoder: str, device: str, dtype: str) -> VieNeuModel:
    """The model, with options as of `VieNeuSynthesizer`. Raises EngineConfigError as it does."""
    for file in (Path(checkpoint) / "config.json", Path(checkpoint) / "voices.json", Path(decoder)):
        if not file.is_file():
            raise EngineConfigError(f"there is no file {str(file)!r}")
    place = torch_device(device)
    return VieNeuModel(checkpoint, decoder, place, torch_dtype(dtype, place, on_gpu=torch.bfloat16))
