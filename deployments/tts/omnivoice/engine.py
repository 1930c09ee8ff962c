"""Speech in eight languages with OmniVoice (arXiv 2604.00688): a cloned, a designed or a random voice.

A masked diffusion language model: it fills a number of audio frames that is known beforehand in `num_step`
steps.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers.utils import logging

from deployments.serving.loader import EngineConfigError
from deployments.serving.torch_device import torch_device, torch_dtype
from deployments.serving.tracked_call import Report
from deployments.tts.reference import audible
from deployments.tts.voice_cache import VoiceCache
from serve_app.core.text.thai_verbalization import verbalized
from serve_app.engines import EngineCard, Progress, Reference, Speech, SpeechRequest
from serve_app.errors import InvalidRequest

with warnings.catch_warnings():
    # Of a module that Python 3.13 drops, of ffmpeg, which is for files in other formats, and of its own code.
    warnings.filterwarnings("ignore", module=r"pydub\.")
    warnings.filterwarnings("ignore", "invalid escape sequence")
    from omnivoice import OmniVoice, OmniVoiceGenerationConfig, VoiceClonePrompt
    from omnivoice.utils.audio import trim_long_audio

LANGUAGES = ("en", "zh", "vi", "th", "ms", "lo", "ja", "ko")
"""The package has these ids and six hundred more; one that it does not know it only warns of."""
NUM_STEP, GUIDANCE_SCALE = 32, 2.0
"""The authors' choice; 16 steps are their fast setting."""
LONGEST_REFERENCE = 20.0
"""Seconds; the package calls longer ones worse. With a transcript they stay whole, for it must match."""


class OmniVoiceSynthesizer:
    """Deterministic for a seed: each request seeds torch's global generator."""

    example = SpeechRequest("Good morning, how are you?", "en", "omnivoice", seed=0)

    def __init__(
        self,
        checkpoint: str,
        device: str = "auto",
        dtype: str = "auto",
        num_step: int = NUM_STEP,
        guidance_scale: float = GUIDANCE_SCALE,
    ) -> None:
        """`checkpoint` is a local copy of `k2-fsa/OmniVoice`; nothing is downloaded.

        `auto` is CUDA with float16 where there is a GPU, else the CPU with float32. Raises EngineConfigError
        for a folder without the model or its codec, a device that is not there and an unknown dtype.
        """
        self._model = _load(checkpoint, device, dtype)
        self._config = OmniVoiceGenerationConfig(num_step=num_step, guidance_scale=guidance_scale)
        self._voices = VoiceCache(self._clone)
        self.card = EngineCard(
            engine="omnivoice",
            impl=f"omnivoice:{Path(checkpoint).name}",
            embedded=False,
            languages=LANGUAGES,
            note="Clones a recorded voice or makes one up from a list of traits; it has no named speakers.",
            device=str(self._model.device),
        )

    def speakers(self, model: str) -> tuple[str, ...]:
        """None: it clones a voice or makes one up."""
        return ()

    def synthesize(self, request: SpeechRequest, report: Report) -> Speech:
        """Speak in the voice of the reference, of `instruct`, or of the seed.

        Raises InvalidRequest for a text without words, an unknown language, a silent reference, and an
        `instruct` that the package has no word for or that comes with a reference (TTS-015).
        """
        _check(request)
        settings = {
            "text": verbalized(request.text) if request.language == "th" else request.text,
            "language": request.language,
            "voice_clone_prompt": self._voices[request.reference] if request.reference else None,
            "instruct": request.instruct or None,
            "speed": request.speed,
        }
        steps, done = self._steps(settings), count()
        torch.manual_seed(request.seed)  # after the reference: its encoding must not draw from the seed
        with self._model.llm.register_forward_pre_hook(
            lambda *_: report(Progress("synthesis", next(done), steps))
        ):
            samples = self._model.generate(**settings, generation_config=self._config)[0]
        return Speech(samples, self._model.sampling_rate)

    def _steps(self, settings: Mapping[str, Any]) -> int | None:
        """Steps in all; None for speech over 30 s, which the package cuts and does in several rounds."""
        try:
            task = self._model._preprocess_all(**settings)
        except ValueError as unknown:
            raise InvalidRequest(f"instruct: {' '.join(str(unknown).split())}") from unknown
        in_one_go, _ = task.get_indices(self._config, self._model.audio_tokenizer.config.frame_rate)
        return self._config.num_step if in_one_go else None

    @torch.inference_mode()
    def _clone(self, reference: Reference) -> VoiceClonePrompt:
        """The reference's voice. An empty transcript is passed as such: for None the package would load a
        recogniser from a hub."""
        rate, transcript = self._model.sampling_rate, reference.transcript.strip()
        wave = audible(reference, rate, "clone_audio")[np.newaxis]
        if not transcript:
            wave = trim_long_audio(wave, rate, trim_threshold=LONGEST_REFERENCE)
        return self._model.create_voice_clone_prompt((wave, rate), ref_text=transcript)


def _load(checkpoint: str, device: str, dtype: str) -> OmniVoice:
    place = torch_device(device)
    for part in ("config.json", "audio_tokenizer/config.json"):
        if not (Path(checkpoint) / part).is_file():  # the package would download what is missing
            raise EngineConfigError(f"checkpoint {checkpoint!r} has no {part}")
    logging.disable_progress_bar()
    return OmniVoice.from_pretrained(
        checkpoint,
        device_map=place,
        dtype=torch_dtype(dtype, place, on_gpu=torch.float16),
        local_files_only=True,
    ).eval()


def _check(request: SpeechRequest) -> None:
    if request.language not in LANGUAGES:
        raise InvalidRequest(f"language: this engine does not speak {request.language!r}.")
    if not any(character.isalnum() for character in request.text):
        raise InvalidRequest("text has nothing to speak.")
    if request.reference and request.instruct:
        raise InvalidRequest("instruct: a cloned voice takes no style; leave one of the two out.")
