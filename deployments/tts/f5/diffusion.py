"""One chunk of speech from F5-TTS, and chunks put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from deployments.tts.f5.model import HOP, SAMPLE_RATE
from deployments.tts.f5.package import CFM, Vocos
from deployments.tts.f5.reference import Voice
from deployments.tts.f5.text import Reading, mel_frames
from serve_app.engines import Audio
from serve_app.errors import SynthesisFailed

GUIDANCE, SWAY = 2.0, -1.0
"""Classifier-free guidance, and more steps near the noise (sway sampling): the authors' choice."""
CROSS_FADE = int(0.15 * SAMPLE_RATE)
"""Samples in which a chunk goes over into the next, as in the package."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """A checkpoint with its way to read and the vocoder that makes its mel spectrograms audible."""

    model: CFM
    reading: Reading
    vocoder: Vocos

    def knows(self, text: str) -> bool:
        """Whether there is a letter or digit to speak that its vocabulary holds."""
        return any(letter.isalnum() for letter in self._known(self.reading.read(text)))

    @torch.inference_mode()
    def speak(self, voice: Voice, text: str, seed: int, speed: float, steps: int) -> Audio:
        """The text in that voice at 24 kHz. Raises SynthesisFailed when the numbers overflow."""
        heard = len(voice.samples) // HOP
        mel, _ = self.model.sample(
            cond=torch.from_numpy(voice.samples)[None].to(self.model.device),
            text=[self._known(self.reading.prompt(voice.transcript, text))],
            duration=heard + mel_frames(text, speed),
            steps=steps,
            cfg_strength=GUIDANCE,
            sway_sampling_coef=SWAY,
            seed=seed,
        )
        samples = self.vocoder.decode(mel[:, heard:].float().mT)[0].cpu().numpy() / np.float32(voice.gain)
        if not np.isfinite(samples).all():
            raise SynthesisFailed
        return np.clip(samples, -1.0, 1.0)

    def _known(self, prompt: str) -> str:
        """Without what the vocabulary lacks, which the package would read as its first token."""
        return "".join(letter for letter in prompt if letter in self.model.vocab_char_map)


def cross_faded(parts: Sequence[Audio]) -> Audio:
    """Chunks of speech as one."""
    speech = parts[0]
    for part in parts[1:]:
        overlap = min(CROSS_FADE, len(speech), len(part))
        fade = np.linspace(0, 1, overlap, dtype=np.float32)
        seam = speech[len(speech) - overlap :] * (1 - fade) + part[:overlap] * fade
        speech = np.concatenate([speech[: len(speech) - overlap], seam, part[overlap:]])
    return speech
