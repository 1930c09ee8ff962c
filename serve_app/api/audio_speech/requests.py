"""What OpenAI clients send to speak a text, and the order it makes (OAI-007, OAI-009)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt, StrictStr

from serve_app.backends import Backends
from serve_app.core.reference_paths import reference_path
from serve_app.core.speech.openai_names import ALIASES, language_and_openai_model, speaker_for
from serve_app.core.speech.rules import SpeechJob, seed_of
from serve_app.core.speech.voice_rules import speaker_of, style_of
from serve_app.core.text.spoken_text import check_speakable, spoken_text
from serve_app.errors import InvalidRequest
from serve_app.flows.jobs.client import random_seed
from serve_app.flows.voices.custom_voices import ID_PREFIX, CustomVoices
from serve_app.http.json_body import JsonBody

LONGEST_INPUT = 4096
"""Characters, as OpenAI has it."""


class VoiceId(JsonBody):
    """A custom voice."""

    id: StrictStr


class SpeechBody(JsonBody):
    """OpenAI's fields; `language` and `seed` are ours."""

    input: StrictStr
    """4096 characters at most."""
    model: StrictStr
    """One of ours, or `tts-1` and its like: then the language chooses."""
    voice: StrictStr | VoiceId = "alloy"
    """A voice of OpenAI's, a built-in speaker, or a custom voice by its id or path."""
    instructions: StrictStr | None = None
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: Annotated[float, Field(strict=True, ge=0.25, le=4, allow_inf_nan=False)] = 1.0
    stream_format: Literal["audio", "sse"] = "audio"
    language: StrictStr | None = None
    """ISO 639-1; found by the script of the text when it is not given."""
    seed: StrictInt | None = None


async def order_of(backends: Backends, team: str, body: SpeechBody) -> SpeechJob:
    """What is to be spoken and how, with all of the text. Raises InvalidRequest and NotFound."""
    text = spoken_text(body.input, field="input", longest=LONGEST_INPUT)
    language, model = language_and_openai_model(
        text, body.language or "", body.model, backends.settings.tts_pairs
    )
    check_speakable(text, (language,), field="input")
    reference = await _reference(backends, team, body.voice)
    cloning = bool(reference)
    speaker = "" if cloning else speaker_for(model, str(body.voice))
    return SpeechJob(
        text=text,
        language=language,
        model=model,
        seed=seed_of(body.seed, random_seed()),
        speaker=speaker_of(model, speaker, cloning=cloning, field="voice"),
        instruct=_style(body, model, cloning=cloning),
        reference=reference,
    )


async def _reference(backends: Backends, team: str, voice: str | VoiceId) -> str:
    """The path of a custom voice; nothing for the name of a speaker."""
    if isinstance(voice, VoiceId) or voice.startswith(ID_PREFIX):
        voice_id = voice.id if isinstance(voice, VoiceId) else voice
        return (await CustomVoices(backends, team).find(voice_id)).path
    if "/" not in voice:
        return ""
    reference_path(voice, field="voice")
    return voice


def _style(body: SpeechBody, model: str, *, cloning: bool) -> str:
    """The instructions. As with OpenAI's own models, not every one behind OpenAI's names can follow them."""
    try:
        return style_of(model, body.instructions or "", cloning=cloning, field="instructions")
    except InvalidRequest:
        if body.model in ALIASES:
            return ""
        raise
