"""From the path or URL of a voice to clone to its sound (TTS-011, TTS-016..018)."""

from __future__ import annotations

import asyncio
import hashlib
import io
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from serve_app.backends import Backends
from serve_app.core.reference_paths import CUSTOM_VOICES, OPERATOR, Place, reference_path
from serve_app.core.speech.rules import SpeechJob
from serve_app.engines import Reference
from serve_app.errors import Conflict, NotFound
from serve_app.flows.voices.auto_transcript import transcribe_reference
from serve_app.flows.voices.custom_voices import MAX_BYTES, CustomVoices
from serve_app.flows.voices.reference_audio import ReadReference, read_reference

MISSING = "The voice to clone does not exist."


async def resolve_reference(backends: Backends, team: str, order: SpeechJob) -> SpeechJob:
    """The order with the voice it clones found and readable, its text known if anybody knows it.

    A URL becomes a custom voice, once for each team. Raises InvalidRequest for a path of no known form and
    for a recording that will not do, NotFound, UnsafeUrl, FetchFailed and TooLarge.
    """
    if not order.reference:
        return order
    if reference_path(order.reference, field="clone_audio").place is Place.URL:
        order = replace(order, reference=await _registered(backends, team, order))
    reference = await load(backends, team, order.reference)
    transcript = order.transcript or await _stored_transcript(backends, team, order.reference)
    if not transcript:
        transcript = await transcribe_reference(backends, reference, order.language)
    return replace(order, transcript=transcript)


async def load(backends: Backends, team: str, path: str, transcript: str = "") -> Reference:
    """The sound behind a path. Raises InvalidAudio, and NotFound for a foreign path as for an unknown one."""
    location = await _located(backends, team, path)
    return (await asyncio.to_thread(_read, location, transcript)).reference


async def fetched(backends: Backends, url: str, transcript: str = "") -> ReadReference:
    """The sound behind a public https URL. Raises UnsafeUrl, FetchFailed, TooLarge and InvalidAudio."""
    content = await backends.fetch.get(url, limit_bytes=MAX_BYTES)
    return await asyncio.to_thread(read_reference, io.BytesIO(content), transcript)


async def _registered(backends: Backends, team: str, order: SpeechJob) -> str:
    """The path of the custom voice of a URL (TTS-016)."""
    voices = CustomVoices(backends, team)
    name = f"url-{hashlib.sha256(order.reference.encode()).hexdigest()[:32]}"
    if known := await voices.named(name):
        with suppress(NotFound):
            return (await backends.files.find(known.path, team=team)).path
        await voices.delete(known)  # whoever began to register it has died
    await voices.check_free(name)
    read = await fetched(backends, order.reference, order.transcript)
    reference = read.reference
    if not reference.transcript:
        text = await transcribe_reference(backends, reference, order.language)
        reference = replace(reference, transcript=text)
    with suppress(Conflict):
        return (await voices.add(name, order.model, order.language, reference, read.damage)).path
    # Another request registers the same URL at this moment: whoever is first, both write the same sound.
    return await voices.write(name, reference)


async def _stored_transcript(backends: Backends, team: str, path: str) -> str:
    """The text of a custom voice."""
    voice = (
        await CustomVoices(backends, team).named(Path(path).stem) if path.startswith(CUSTOM_VOICES) else None
    )
    return voice.transcript if voice else ""


async def _located(backends: Backends, team: str, path: str) -> Path:
    named = reference_path(path, field="clone_audio")
    if named.place is Place.OPERATOR:
        root = backends.settings.reference_voices or backends.settings.data / OPERATOR
        return await asyncio.to_thread(_inside, root, named.name)
    try:
        return (await backends.files.find(named.name, team=team)).location
    except NotFound as absent:
        raise NotFound(MISSING) from absent


def _inside(root: Path, name: str) -> Path:
    """A file of the operator's; what leads out of the folder, by a link too, is not there."""
    location = (root / name).resolve()
    if not location.is_relative_to(root.resolve()) or not location.is_file():
        raise NotFound(MISSING)
    return location


def _read(location: Path, transcript: str) -> ReadReference:
    try:
        with location.open("rb") as file:
            return read_reference(file, transcript)
    except FileNotFoundError:  # deleted at this moment
        raise NotFound(MISSING) from None
