"""Thai and English speech in the voice of a reference with F5-TTS (arXiv 2410.06885).

A diffusion transformer continues the mel spectrogram of the reference, given its transcript and the text.
Thai has two checkpoints, `v1` that reads spelling and `v2` that reads IPA. English is spoken by `v1`, which
was tuned from the authors' model of English and Chinese and kept its letters.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from deployments.serving.loader import EngineConfigError
from deployments.serving.torch_device import torch_device
from deployments.serving.tracked_call import Report
from deployments.tts.f5.diffusion import Speaker, cross_faded
from deployments.tts.f5.model import SAMPLE_RATE, CheckpointFiles, load_checkpoint, load_vocoder
from deployments.tts.f5.reference import voice_of
from deployments.tts.f5.text import READINGS, chunks, spelled
from serve_app.core.audio.downmix import mixed
from serve_app.engines import EngineCard, Progress, Reference, Speech, SpeechRequest
from serve_app.errors import InvalidRequest

ENGLISH = "v1"
"""The checkpoint that speaks it."""
NFE_STEP = 32
"""Evaluations of the network for each chunk, the authors' choice; 16 is their fast setting."""

Options = Mapping[str, Any]


class F5Synthesizer:
    """Deterministic for a seed: each chunk seeds torch's global generator, and they are spoken in turn."""

    def __init__(
        self,
        vocoder: str,
        v1: Options | None = None,
        v2: Options | None = None,
        reference: str = "",
        transcript: str = "",
        device: str = "auto",
        dtype: str = "auto",
        nfe_step: int = NFE_STEP,
    ) -> None:
        """`v1` and `v2` hold the fields of CheckpointFiles, `vocoder` is a folder with Vocos; nothing is
        downloaded. `reference` and `transcript` are the voice of requests without one.

        `auto` is CUDA with float16 where there is a GPU, else the CPU with float32. Raises EngineConfigError
        for files that are missing or do not go together, a device that is not there and an unknown dtype.
        """
        place = torch_device(device)
        decoder = load_vocoder(vocoder, place)
        files = {name: _files(name, options) for name, options in (("v1", v1), ("v2", v2)) if options}
        if not files:
            raise EngineConfigError("options: v1 or v2 must name a checkpoint")
        self._speakers = {
            name: Speaker(
                load_checkpoint(name, row, READINGS[name].alphabet, place, dtype), READINGS[name], decoder
            )
            for name, row in files.items()
        }
        self._default = _recording(reference, transcript) if reference else None
        self._nfe_step = nfe_step
        self.card = EngineCard(
            engine="f5",
            impl="f5-tts:" + "+".join(Path(row.checkpoint).stem for row in files.values()),
            embedded=False,
            languages=("th", "en") if ENGLISH in files else ("th",),
            note="Speaks in the voice of a recording whose transcript it needs.",
            device=str(place),
        )
        self.example = _example(min(files), self._default)

    def speakers(self, model: str) -> tuple[str, ...]:
        """None: it clones, or speaks in its one voice."""
        return ()

    def synthesize(self, request: SpeechRequest, report: Report) -> Speech:
        """Speak in the voice of the reference, else of the configured one; Thai with the variant asked for.

        Raises InvalidRequest for a text without words, a language or variant that is not loaded, and a
        reference that is missing, silent or without transcript.
        """
        variant = self._variant(request)
        speaker = self._speakers[variant]
        if not speaker.knows(request.text):
            raise InvalidRequest("text has nothing to speak.")
        reference = request.reference or self._default
        if reference is None:
            raise InvalidRequest("f5_sample is needed: this engine speaks in the voice of a recording.")
        text = spelled(request.text) if request.language == "th" else request.text.strip()
        voice, texts = voice_of(reference), chunks(text)
        steps, done = self._nfe_step * len(texts), count(1)
        transformer = speaker.model.transformer
        with transformer.register_forward_hook(lambda *_: report(Progress("synthesis", next(done), steps))):
            try:
                parts = [
                    speaker.speak(voice, text, request.seed, request.speed, self._nfe_step) for text in texts
                ]
            finally:
                transformer.clear_cache()  # the text of a run that was stopped
        extras = {"f5_thai_variant": variant} if request.language == "th" else {}
        return Speech(cross_faded(parts), SAMPLE_RATE, extras)

    def _variant(self, request: SpeechRequest) -> str:
        if request.language not in self.card.languages:
            known = ", ".join(self.card.languages)
            raise InvalidRequest(f"language {request.language!r} is not spoken here; choose one of {known}.")
        variant = ENGLISH if request.language == "en" else request.f5_thai_variant
        if variant not in self._speakers:
            known = ", ".join(self._speakers)
            raise InvalidRequest(f"f5_thai_variant {variant!r} is not loaded here; choose one of {known}.")
        return variant


def _files(variant: str, options: Options) -> CheckpointFiles:
    try:
        return CheckpointFiles(**options)
    except TypeError as mismatch:
        raise EngineConfigError(f"options of {variant}: {mismatch}") from mismatch


def _recording(path: str, transcript: str) -> Reference:
    """The configured voice. Raises EngineConfigError when it cannot be used."""
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        reference = Reference(mixed(samples.T, rate), rate, transcript)
        voice_of(reference)
    except (OSError, RuntimeError, InvalidRequest) as unusable:
        raise EngineConfigError(f"reference {path!r}: {unusable}") from unusable
    return reference


def _example(variant: str, reference: Reference | None) -> SpeechRequest:
    noise = np.random.default_rng(0).normal(0, 0.05, 2 * SAMPLE_RATE).astype(np.float32)
    return SpeechRequest(
        text="สวัสดีครับ",
        language="th",
        model="f5",
        seed=0,
        reference=reference or Reference(noise, SAMPLE_RATE, "สวัสดี"),
        f5_thai_variant=variant,
    )
