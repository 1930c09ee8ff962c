"""Loads checkpoints of F5-TTS (arXiv 2410.06885) and its vocoder, or says plainly why they cannot be used."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from deployments.serving.loader import EngineConfigError
from deployments.serving.torch_device import torch_dtype
from deployments.tts.f5.package import CFM, DiT, Vocos

SAMPLE_RATE = 24_000
HOP = 256
"""Samples of one mel frame: 93.75 frames a second."""
MELS = 100
_MEL = {"n_fft": 1024, "hop_length": HOP, "win_length": 1024, "n_mel_channels": MELS,
        "target_sample_rate": SAMPLE_RATE, "mel_spec_type": "vocos"}  # fmt: skip
_BASE = {"dim": 1024, "depth": 22, "heads": 16, "ff_mult": 2, "text_dim": 512, "conv_layers": 4}
ARCHITECTURES: Mapping[str, Mapping[str, Any]] = {
    "v1": {**_BASE, "text_mask_padding": False, "pe_attn_head": 1},
    "v2": {**_BASE, "text_mask_padding": True, "pe_attn_head": None},
}
"""F5-TTS-THAI was tuned from F5TTS_Base, F5-TTS-TH-V2 has the shape of F5TTS_v1_Base. The two flags change no
tensor: with the wrong ones a checkpoint loads and speaks noise."""
_EMBEDDING = "transformer.text_embed.text_embed.weight"
_NOT_WEIGHTS = ("initted", "step", "mel_spec.mel_stft.mel_scale.fb", "mel_spec.mel_stft.spectrogram.window")
"""Of the moving average and of early releases."""


@dataclass(frozen=True, slots=True)
class CheckpointFiles:
    """A row's options for one checkpoint."""

    checkpoint: str
    """`.safetensors` or `.pt`."""
    vocab: str
    """A token a line."""
    architecture: Mapping[str, Any] = field(default_factory=dict)
    """What differs from ARCHITECTURES."""


def load_checkpoint(
    variant: str, files: CheckpointFiles, alphabet: Set[str], device: torch.device, dtype: str
) -> CFM:
    """A model whose vocabulary holds the alphabet.

    Raises EngineConfigError for a file that is missing or no checkpoint, and for a vocabulary or architecture
    that the checkpoint was not trained with.
    """
    number = torch_dtype(dtype, device, on_gpu=torch.float16)
    weights, vocab = _weights(files.checkpoint), _vocabulary(files.vocab)
    if (rows := len(weights[_EMBEDDING]) - 1) != len(vocab):
        raise EngineConfigError(
            f"{variant}: vocab {files.vocab!r} has {len(vocab)} tokens, its checkpoint {rows}"
        )
    if missing := sorted(alphabet - vocab.keys()):
        raise EngineConfigError(f"{variant}: vocab {files.vocab!r} lacks {' '.join(missing)}")
    try:
        architecture = {**ARCHITECTURES[variant], **files.architecture}
        transformer = DiT(**architecture, text_num_embeds=len(vocab), mel_dim=MELS)
        model = CFM(transformer=transformer, mel_spec_kwargs=_MEL, vocab_char_map=vocab)
        model.load_state_dict(weights)
    except (TypeError, RuntimeError) as mismatch:
        says = " ".join(str(mismatch).split())
        raise EngineConfigError(f"{variant}: checkpoint {files.checkpoint!r}: {says}") from mismatch
    return model.to(device, number).eval()


def load_vocoder(folder: str, device: torch.device) -> Vocos:
    """Vocos from a folder with `config.yaml` and `pytorch_model.bin`; it runs in float32.

    Raises EngineConfigError for a folder that lacks one, and for weights of another shape.
    """
    path = Path(folder)
    if not (path / "config.yaml").is_file():
        raise EngineConfigError(f"vocoder {folder!r} has no config.yaml")
    vocoder = Vocos.from_hparams(str(path / "config.yaml"))
    try:
        vocoder.load_state_dict(_torch_file(path / "pytorch_model.bin"))
    except RuntimeError as mismatch:
        raise EngineConfigError(f"vocoder {folder!r}: {mismatch}") from mismatch
    return vocoder.to(device).eval()


def _weights(checkpoint: str) -> dict[str, torch.Tensor]:
    """The moving average of the weights, which is what the authors speak with."""
    path = Path(checkpoint)
    if path.suffix == ".safetensors" and path.is_file():
        saved = load_file(path)
    else:
        saved = _torch_file(path).get("ema_model_state_dict", {})
    named = {name.removeprefix("ema_model."): tensor for name, tensor in saved.items()}
    if _EMBEDDING not in named:
        raise EngineConfigError(f"checkpoint {checkpoint!r} has no averaged weights of F5-TTS")
    return {name: tensor for name, tensor in named.items() if name not in _NOT_WEIGHTS}


def _torch_file(path: Path) -> dict[str, Any]:
    try:
        return dict(torch.load(path, map_location="cpu", weights_only=True, mmap=True))
    except (OSError, RuntimeError, ValueError, pickle.UnpicklingError) as unreadable:
        raise EngineConfigError(f"{str(path)!r} is no file of torch") from unreadable


def _vocabulary(vocab: str) -> dict[str, int]:
    """Token to index, as the package reads the file: the last of equal lines counts."""
    if not Path(vocab).is_file():
        raise EngineConfigError(f"there is no vocab {vocab!r}")
    text = Path(vocab).read_text(encoding="utf-8")
    return {token: index for index, token in enumerate(text.removesuffix("\n").split("\n"))}
