"""Custom voices: register, list, delete (RT-08, RT-50)."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Form, Request, UploadFile
from pydantic import BaseModel

from serve_app.api.tts.answers import PATH
from serve_app.clock import iso
from serve_app.core.audio.losses import Damage
from serve_app.core.speech.voice_rules import SAMPLE_MODELS
from serve_app.errors import TooLarge
from serve_app.flows.voices.custom_voices import MAX_BYTES, CustomVoice, CustomVoices
from serve_app.flows.voices.registration import NewVoice, register
from serve_app.http.dependencies import BackendsDep, CallerDep, Gate
from serve_app.http.surface import surface

FORM_BYTES = 64 * 1024
"""Room for the other fields of the form, and for what multipart puts around each."""
UNHEARD = (
    "No recogniser for this language is running, so the transcript is empty; send clone_text with a request."
)

router = surface(PATH, "tts")


class VoiceView(BaseModel):
    """One voice."""

    id: str
    name: str
    model: str
    language: str
    audioPath: str
    transcript: str
    duration: float
    """Seconds."""
    createdAt: str
    damage: Damage | None
    """What of the recording could not be decoded (VP-006)."""


class VoiceAnswer(BaseModel):
    """JSON 9."""

    success: Literal[True] = True
    voice: VoiceView
    clone_audio: str
    clone_text: str
    ttsRequest: dict[str, str]
    """Fields to put into a speech request for the model of the voice."""
    note: str | None = None


class VoiceList(BaseModel):
    """Every voice of the team, by name."""

    success: Literal[True] = True
    voices: list[VoiceView]


class Deleted(BaseModel):
    """The voice that is gone."""

    success: Literal[True] = True
    id: str


class FitsVoice(Gate):
    """Refuses an upload that announces too many bytes before it is read (TTS-021)."""

    async def __call__(self, request: Request) -> None:
        announced = request.headers.get("content-length", "")
        if announced.isdecimal() and int(announced[:20]) > MAX_BYTES + FORM_BYTES:
            raise TooLarge(f"audio_file: It may have {MAX_BYTES} bytes.")


@router.post("/custom-voices", response_model_exclude_none=True)
async def register_voice(
    request: Request,
    caller: CallerDep,
    _fits: Annotated[None, Depends(FitsVoice())],
    backends: BackendsDep,
    audio_file: UploadFile | None = None,
    audio_url: Annotated[str, Form()] = "",
    name: Annotated[str, Form(max_length=200)] = "",
    model: Annotated[str, Form()] = "",
    language: Annotated[str, Form()] = "",
    transcript: Annotated[str, Form()] = "",
) -> VoiceAnswer:
    """Keep a recording of 1 to 30 s as a voice to clone; without a transcript it is transcribed (TTS-020)."""
    file = audio_file if audio_file and (audio_file.size or audio_file.filename) else None
    new = NewVoice(
        file=file.file if file else None,
        size=(file.size or 0) if file else 0,
        filename=(file.filename or "") if file else "",
        url=audio_url.strip(),
        name=name.strip(),
        model=model.strip(),
        language=language.strip(),
        transcript=transcript,
    )
    return _answer(await register(backends, caller.team_id, new))


@router.get("/custom-voices", response_model_exclude_none=True)
async def list_voices(caller: CallerDep, backends: BackendsDep) -> VoiceList:
    """The team's voices, those of URLs too."""
    voices = await CustomVoices(backends, caller.team_id).all()
    return VoiceList(voices=[_view(voice) for voice in voices])


@router.delete("/custom-voices/{voice_id}")
async def delete_voice(voice_id: str, caller: CallerDep, backends: BackendsDep) -> Deleted:
    """Delete a voice and its recording; jobs that wait to clone it will fail."""
    voices = CustomVoices(backends, caller.team_id)
    await voices.delete(await voices.find(voice_id))
    return Deleted(id=voice_id)


def _answer(voice: CustomVoice) -> VoiceAnswer:
    field = "f5_sample" if voice.model in SAMPLE_MODELS else "clone_audio"
    return VoiceAnswer(
        voice=_view(voice),
        clone_audio=voice.path,
        clone_text=voice.transcript,
        ttsRequest={field: voice.path, "clone_text": voice.transcript},
        note=None if voice.transcript else UNHEARD,
    )


def _view(voice: CustomVoice) -> VoiceView:
    return VoiceView(
        id=voice.id,
        name=voice.name,
        model=voice.model,
        language=voice.language,
        audioPath=voice.path,
        transcript=voice.transcript,
        duration=voice.duration,
        createdAt=iso(voice.created_at),
        damage=voice.damage,
    )
