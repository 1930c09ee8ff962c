"""From a recording that somebody sends, or a URL, to a custom voice (TTS-020, TTS-021)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import BinaryIO
from urllib.parse import unquote

from serve_app.backends import Backends
from serve_app.core.fields import one_line, one_of
from serve_app.core.names import slug
from serve_app.core.speech.rules import LANGUAGES
from serve_app.core.speech.voice_rules import bounded
from serve_app.core.text.languages import language_code
from serve_app.core.text.spoken_text import check_speakable, language_of
from serve_app.errors import InvalidRequest, TooLarge
from serve_app.flows.voices.auto_transcript import transcribe_reference
from serve_app.flows.voices.custom_voices import MAX_BYTES, CustomVoice, CustomVoices
from serve_app.flows.voices.reference_audio import ReadReference, read_reference
from serve_app.flows.voices.references import fetched

DEFAULT_MODEL = "omnivoice"
"""It clones in every language."""


@dataclass(frozen=True, slots=True)
class NewVoice:
    """What a caller sent; an empty field was not given."""

    file: BinaryIO | None
    """Seekable; or a URL."""
    size: int
    """Bytes of the file."""
    filename: str
    url: str
    name: str
    model: str
    language: str
    transcript: str


async def register(backends: Backends, team: str, new: NewVoice) -> CustomVoice:
    """Keep a voice under the slug of its name, or else of its file's.

    Raises InvalidRequest, InvalidAudio, AudioTooLong, TooLarge, UnsafeUrl, FetchFailed, and Conflict for a
    name that is taken.
    """
    if (new.file is None) == (not new.url):
        raise InvalidRequest("audio_file: Send it or audio_url, one of the two.")
    model = one_of("model", new.model or DEFAULT_MODEL, tuple(sorted(backends.settings.tts_pairs)))
    language = one_of("language", _language(new), LANGUAGES)
    name = slug(new.name or PurePath(unquote(new.filename or new.url)).stem, field="name")
    voices = CustomVoices(backends, team)
    await voices.check_free(name)
    transcript = bounded("transcript", one_line(new.transcript))
    if transcript:
        check_speakable(transcript, (language,), field="transcript")
    read = await _recording(backends, new, transcript)
    reference = read.reference
    if not reference.transcript:
        text = await transcribe_reference(backends, reference, language)
        reference = replace(reference, transcript=text)
    return await voices.add(name, model, language, reference, read.damage)


def _language(new: NewVoice) -> str:
    """The code of the language, none where none is given. Raises InvalidRequest where it is to be found out
    and no transcript tells."""
    if code := language_code(new.language):
        return code
    if new.language and not new.transcript:
        raise InvalidRequest("language: It is found out from a transcript; send one, or the language.")
    return language_of(new.transcript) if new.language else ""


async def _recording(backends: Backends, new: NewVoice, transcript: str) -> ReadReference:
    if new.file is None:
        return await fetched(backends, new.url, transcript)
    if new.size > MAX_BYTES:
        raise TooLarge(f"audio_file: It may have {MAX_BYTES} bytes.")
    return await asyncio.to_thread(read_reference, new.file, transcript)
