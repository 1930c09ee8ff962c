"""Vietnamese speech with VieNeu-TTS v2: preset voices, and cloned ones where an encoder is configured.

A causal language model that reads phonemes and goes on with the codes of a recorded voice.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import count
from pathlib import Path

import numpy as np
import torch

from deployments.serving.tracked_call import Report
from deployments.tts.vieneu.model import Voice, load_vieneu
from deployments.tts.vieneu.neucodec import NeuCodecEncoder
from deployments.tts.vieneu.text import chunks_of_phonemes, phonemes
from deployments.tts.voice_cache import VoiceCache
from serve_app.engines import Audio, EngineCard, Progress, Reference, Speech, SpeechRequest
from serve_app.errors import InvalidRequest

STYLES = {"natural": "<|emotion_0|>", "storytelling": None}
"""TTS-013, as marks in the prompt; the model tells stories where there is none."""
PAUSE_SECONDS = 0.15
"""Between the chunks of a long text; the package's."""


class VieNeuSynthesizer:
    """Deterministic for a seed: each request seeds torch's global generator. It has no speed but its own."""

    example = SpeechRequest("Xin chào các bạn.", "vi", "vieneu_v2", seed=0)

    def __init__(
        self, checkpoint: str, decoder: str, encoder: str = "", device: str = "auto", dtype: str = "auto"
    ) -> None:
        """Nothing is downloaded. `checkpoint`: a local copy of `pnnbao-ump/VieNeu-TTS-v2`; `decoder`:
        `model.onnx` of `neuphonic/neucodec-onnx-decoder-int8`, which runs on the CPU; `encoder`: a folder of
        `neuphonic/neucodec` as transformers reads it, without which no voice can be cloned.

        `auto` is CUDA with bfloat16 where there is a GPU, else the CPU with float32. Raises EngineConfigError
        for a missing file, a device that is not there and an unknown dtype.
        """
        self._model = load_vieneu(checkpoint, decoder, device, dtype)
        self._encoder = NeuCodecEncoder(encoder, self._model.place) if encoder else None
        self._voices = VoiceCache(self._clone)
        self.card = EngineCard(
            engine="vieneu_v2",
            impl=f"vieneu-v2:{Path(checkpoint).name}",
            embedded=False,
            languages=("vi",),
            note="" if encoder else "Clones no voices.",
            device=str(self._model.place),
        )

    def speakers(self, model: str) -> tuple[str, ...]:
        """The presets of the checkpoint."""
        return tuple(self._model.presets)

    def synthesize(self, request: SpeechRequest, report: Report) -> Speech:
        """Speak in the voice of the reference, else of the speaker, else of the first preset.

        Raises InvalidRequest for a text without words, a language, speaker or expression that it has not, a
        reference without transcript, one that is too long, and any where there is no encoder.
        """
        _check("language", request.language, self.card.languages)
        _check("vieneu_expression", request.vieneu_expression, STYLES)
        chunks = chunks_of_phonemes(request.text)
        if not chunks:
            raise InvalidRequest("text has nothing to speak.")
        voice, style, done = self._voice(request), STYLES[request.vieneu_expression], count()
        torch.manual_seed(request.seed)  # after the reference: its encoding must not draw from the seed
        with self._model.backbone.register_forward_pre_hook(
            lambda *_: report(Progress("synthesis", next(done)))
        ):
            spoken = [self._model.speak(chunk, voice, style) for chunk in chunks]
        return Speech(np.clip(_joined(spoken, self._model.sample_rate), -1, 1), self._model.sample_rate)

    def _voice(self, request: SpeechRequest) -> Voice:
        if request.reference:
            return self._voices[request.reference]
        named = request.speaker or self._model.presets[0]
        folded = {name.casefold(): name for name in self._model.presets}
        speaker = folded.get(named.casefold(), named)
        _check("speaker", speaker, self._model.presets)
        codes, transcript = self._model.preset(speaker)
        return Voice(codes, phonemes(transcript))

    def _clone(self, reference: Reference) -> Voice:
        if self._encoder is None:
            raise InvalidRequest("f5_sample: this deployment has no voice encoder; choose a speaker.")
        if not reference.transcript.strip():
            raise InvalidRequest("f5_sample: this engine needs to know what is said in the recording.")
        return Voice(self._encoder(reference), phonemes(reference.transcript))


def _joined(spoken: list[Audio], rate: int) -> Audio:
    """With a pause after each chunk but the last."""
    pause = np.zeros(int(PAUSE_SECONDS * rate), np.float32)
    return np.concatenate([part for samples in spoken for part in (samples, pause)][:-1])


def _check(field: str, value: str, known: Collection[str]) -> None:
    if value not in known:
        raise InvalidRequest(f"{field} {value!r} is not known; choose one of {', '.join(known)}.")
