"""Tiny random checkpoints of F5-TTS and Vocos, in the files of the published ones."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors.torch import save_file

from deployments.tts.f5.model import ARCHITECTURES, MELS
from deployments.tts.f5.package import CFM, DiT, Vocos
from deployments.tts.f5.text import THAI_LETTERS
from deployments.tts.f5.thai_ipa import ALPHABET

SMALL = {"dim": 32, "depth": 2, "heads": 2, "dim_head": 16, "text_dim": 16, "conv_layers": 1}
LATIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,!?'-"
LETTERS = {"v1": sorted(THAI_LETTERS | set(LATIN)), "v2": sorted(ALPHABET | set(LATIN))}
_FRAMES = {"n_fft": 1024, "hop_length": 256, "padding": "center"}
_VOCOS = {
    "feature_extractor": {
        "class_path": "vocos.feature_extractors.MelSpectrogramFeatures",
        "init_args": {"sample_rate": 24000, "n_mels": MELS, **_FRAMES},
    },
    "backbone": {
        "class_path": "vocos.models.VocosBackbone",
        "init_args": {"input_channels": MELS, "dim": 32, "intermediate_dim": 64, "num_layers": 2},
    },
    "head": {"class_path": "vocos.heads.ISTFTHead", "init_args": {"dim": 32, **_FRAMES}},
}


def checkpoint(folder: Path, variant: str, suffix: str) -> dict[str, Any]:
    """The options of a row that loads the checkpoint written here; `suffix` is `.safetensors` or `.pt`."""
    vocab = vocabulary(folder / f"{variant}_vocab.txt", LETTERS[variant])
    transformer = DiT(
        **{**ARCHITECTURES[variant], **SMALL}, text_num_embeds=len(LETTERS[variant]) + 1, mel_dim=MELS
    )
    weights = {f"ema_model.{name}": tensor for name, tensor in _random(CFM(transformer)).items()}
    averaged = {**weights, "initted": torch.tensor(True), "step": torch.tensor(350_000)}
    path = folder / f"{variant}{suffix}"
    if suffix == ".pt":
        torch.save({"ema_model_state_dict": averaged}, path)
    else:
        save_file(averaged, path)
    return {"checkpoint": str(path), "vocab": str(vocab), "architecture": SMALL}


def vocabulary(path: Path, letters: Iterable[str]) -> Path:
    """A vocabulary file; the space is the first token in all of them."""
    path.write_text("\n".join([" ", *letters]) + "\n", encoding="utf-8")
    return path


def vocoder(folder: Path) -> Path:
    """A folder with Vocos."""
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump(_VOCOS))
    network = Vocos.from_hparams(str(folder / "config.yaml"))
    torch.save(_random(network), folder / "pytorch_model.bin")
    return folder


def _random(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Seeded weights; many of F5's begin at zero, with which every text would sound alike."""
    generator = torch.Generator().manual_seed(0)
    return {
        name: torch.randn(tensor.shape, generator=generator) * 0.05
        if tensor.is_floating_point() and tensor.dim() > 1
        else tensor.clone()
        for name, tensor in network.state_dict().items()
    }
