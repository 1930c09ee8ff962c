"""Turns a recorded voice into NeuCodec codes (FSQ, 50 a second), the tongue of VieNeu's language model."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import AutoFeatureExtractor, NeuCodecModel

from deployments.serving.loader import EngineConfigError
from deployments.tts.reference import audible
from serve_app.engines import Reference


class NeuCodecEncoder:
    """transformers' NeuCodec, of which only the encoding half is used."""

    def __init__(self, checkpoint: str, device: torch.device) -> None:
        """`checkpoint`: a local copy of `neuphonic/neucodec` in the form of transformers.

        Raises EngineConfigError for a folder that does not hold one.
        """
        if not (Path(checkpoint) / "config.json").is_file():
            raise EngineConfigError(f"encoder {checkpoint!r}: not a folder with a NeuCodec model")
        self._features = AutoFeatureExtractor.from_pretrained(checkpoint, local_files_only=True)
        model = NeuCodecModel.from_pretrained(checkpoint, dtype=torch.float32, local_files_only=True)
        self._model = model.to(device).eval()

    @torch.inference_mode()
    def __call__(self, reference: Reference) -> list[int]:
        """One code for each 20 ms of the recording. Raises InvalidRequest when there is no sound in it."""
        rate: int = self._features.sampling_rate
        samples = audible(reference, rate, "f5_sample")
        inputs = self._features(samples, sampling_rate=rate, return_tensors="pt").to(self._model.device)
        codes: list[int] = self._model.encode(**inputs).audio_codes.flatten().tolist()
        return codes
