"""Whose voice speaks: a speaker that a Qwen3-TTS checkpoint was trained with, or one that another clones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from qwen_tts import Qwen3TTSModel
from qwen_tts.inference.qwen3_tts_model import VoiceClonePromptItem

from deployments.tts.reference import audible
from deployments.tts.voice_cache import VoiceCache
from serve_app.engines import Audio, Reference, SpeechRequest
from serve_app.errors import InvalidRequest

NO_STYLE = "0b6"
"""`tts_model_size` of the checkpoints whose `instruct` the package leaves aside."""


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice of a checkpoint, ready to speak."""

    model: Qwen3TTSModel
    speak: Callable[..., tuple[list[Audio], int]]
    """Takes `text`, `language` and `max_new_tokens`; gives the samples of one text and their rate in Hz."""
    extras: Mapping[str, Any] = field(default_factory=dict)
    """What the caller is told about it (TTS-025)."""


class BuiltInVoices:
    """The speakers of a CustomVoice checkpoint."""

    def __init__(self, model: Qwen3TTSModel, usual: Mapping[str, str]) -> None:
        """`usual` names the speaker of each language for callers who name none."""
        self.speakers: list[str] = model.get_supported_speakers()
        self._model = model
        self._usual = usual

    def voice(self, request: SpeechRequest) -> Voice:
        """The speaker who was named, in the style asked for. Raises InvalidRequest for an unknown speaker and
        for a style that the model would leave aside."""
        if request.instruct and self._model.model.tts_model_size == NO_STYLE:
            raise InvalidRequest("instruct: this model follows no style.")
        speaker = self._speaker(request)
        speak = partial(self._model.generate_custom_voice, speaker=speaker, instruct=request.instruct)
        return Voice(self._model, speak, {"speaker": speaker})

    def _speaker(self, request: SpeechRequest) -> str:
        if not request.speaker:
            usual = self._usual[request.language]
            return usual if usual in self.speakers else self.speakers[0]
        if (named := request.speaker.lower()) in self.speakers:
            return named
        known = ", ".join(self.speakers)
        raise InvalidRequest(f"speaker {request.speaker!r} is not known; choose one of {known}.")


class ClonedVoices:
    """The voices of references, by a Base checkpoint."""

    def __init__(self, model: Qwen3TTSModel) -> None:
        self._model = model
        self._prompts = VoiceCache(self._prompt)

    def voice(self, request: SpeechRequest, reference: Reference) -> Voice:
        """The voice of a reference. Raises InvalidRequest for one without a second of sound, and for a style:
        these models follow none."""
        if request.instruct:
            raise InvalidRequest("instruct: a cloned voice takes no style; leave one of the two out.")
        prompt = self._prompts[reference]
        return Voice(self._model, partial(self._model.generate_voice_clone, voice_clone_prompt=prompt))

    def _prompt(self, reference: Reference) -> list[VoiceClonePromptItem]:
        """With a transcript the model speaks on where the reference ends; without, it gets the timbre only.

        The package gets samples, never a string: that it would open as a file or fetch as a URL. And it gets
        them at its own rate, for its resampler is compiled at the first use, for 15 s.
        """
        rate, said = self._model.model.speaker_encoder_sample_rate, reference.transcript.strip()
        samples = audible(reference, rate, "clone_audio")
        return self._model.create_voice_clone_prompt(
            (samples, rate), ref_text=said or None, x_vector_only_mode=not said
        )
