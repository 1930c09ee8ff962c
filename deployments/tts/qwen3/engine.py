"""Speech synthesis with Qwen3-TTS: a language model that writes the frames of a codec, 12.5 a second.

One architecture, two kinds of checkpoint: CustomVoice has built-in speakers and follows a style in words,
Base clones a reference. `cosytts` and `qwen_viet_tts` differ in their checkpoints and their `Family`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from deployments.serving.loader import EngineConfigError
from deployments.serving.torch_device import torch_device
from deployments.serving.tracked_call import Report
from deployments.tts.qwen3.checkpoint import CLONE, SPEAKERS, load_checkpoint
from deployments.tts.qwen3.generation import speak
from deployments.tts.qwen3.voices import BuiltInVoices, ClonedVoices, Voice
from serve_app.engines import EngineCard, Reference, Speech, SpeechRequest
from serve_app.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class Family:
    """What is particular to one public model."""

    engine: str
    languages: Mapping[str, str]
    """ISO 639-1 code to the name that checkpoints know; without it they find the language in the text."""
    speakers: Mapping[str, str]
    """Speaker of each language when none is named; in a checkpoint without them it is the first one."""
    example: str
    """A short text in the first language, for the warm-up."""


class Qwen3Synthesizer:
    """Deterministic for a seed: each request seeds torch's global generator."""

    family: ClassVar[Family]

    def __init__(
        self, speakers: str = "", clone: str = "", device: str = "auto", dtype: str = "auto"
    ) -> None:
        """`speakers` is the folder of a CustomVoice checkpoint, `clone` of a Base one; one may be left out.

        Raises EngineConfigError when both are, and as `load_checkpoint` does.
        """
        if not speakers and not clone:
            raise EngineConfigError("speakers or clone must name a checkpoint")
        self._built_in: BuiltInVoices | None = None
        self._cloned: ClonedVoices | None = None
        if speakers:
            model = load_checkpoint(speakers, SPEAKERS, device, dtype)
            self._built_in = BuiltInVoices(model, self.family.speakers)
        if clone:
            self._cloned = ClonedVoices(load_checkpoint(clone, CLONE, device, dtype))
        checkpoints = [Path(folder).name for folder in (speakers, clone) if folder]
        self.card = self._card(checkpoints, str(torch_device(device)))
        self.example = SpeechRequest(
            text=self.family.example,
            language=next(iter(self.family.languages)),
            model=self.family.engine,
            seed=0,
            reference=None if speakers else _faint_voice(),
        )

    def speakers(self, model: str) -> tuple[str, ...]:
        """Those of the CustomVoice checkpoint."""
        return tuple(self._built_in.speakers) if self._built_in else ()

    def synthesize(self, request: SpeechRequest, report: Report) -> Speech:
        """Speak at 24 kHz, in the voice of the reference or of a built-in `speaker`, whom the extras name.

        Raises InvalidRequest for a text without words, a language, speaker or style that is not known here,
        and a voice that no checkpoint here can give; SynthesisFailed for a speech that does not end.
        """
        if request.language not in self.family.languages:
            raise InvalidRequest(f"language: this engine does not speak {request.language!r}.")
        if not any(character.isalnum() for character in request.text):
            raise InvalidRequest("text has nothing to speak.")
        voice = self._voice(request)
        name = self.family.languages[request.language]
        known = name.lower() in voice.model.get_supported_languages()
        return speak(voice, request.text, name if known else "Auto", request.seed, report)

    def _voice(self, request: SpeechRequest) -> Voice:
        if request.reference is None:
            if self._built_in is None:
                raise InvalidRequest("clone_audio is needed: there are no built-in speakers here.")
            return self._built_in.voice(request)
        if self._cloned is None:
            raise InvalidRequest("clone_audio: there are built-in speakers only here.")
        return self._cloned.voice(request, request.reference)

    def _card(self, checkpoints: list[str], device: str) -> EngineCard:
        without = "" if self._built_in else "Only clones: it has no speakers."
        return EngineCard(
            engine=self.family.engine,
            impl=f"qwen3-tts:{'+'.join(checkpoints)}",
            embedded=False,
            languages=tuple(self.family.languages),
            note=without if self._cloned else "Clones no voice.",
            device=device,
        )


def _faint_voice() -> Reference:
    """Two seconds that a voice can be heard in, though nobody's."""
    rate = 24_000
    noise = np.random.default_rng(0).normal(0, 0.05, 2 * rate)
    return Reference(noise.astype(np.float32), rate)
