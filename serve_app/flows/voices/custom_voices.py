"""Voices that a team registered for cloning (TTS-020, TTS-021)."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass

from serve_app.backends import Backends
from serve_app.core.audio.losses import Damage
from serve_app.core.reference_paths import CUSTOM_VOICES
from serve_app.engines import Reference
from serve_app.errors import Conflict, InvalidRequest, NotFound
from serve_app.media.wav import MEDIA_TYPE, wav
from serve_app.stores import Document

ID_PREFIX = "cv_"
MOST = 500
"""Voices of a team: far above any product's cast, and at 1.4 MB for 30 s no team fills a disk."""
MAX_BYTES = 10 * 1024 * 1024
"""TTS-021."""


@dataclass(frozen=True, slots=True)
class CustomVoice:
    """One registered voice."""

    id: str
    name: str
    """Unique in the team, also when the case of letters is not looked at: a disk may not look either."""
    model: str
    language: str
    path: str
    """What callers name it by (TTS-016)."""
    transcript: str
    """What is said in the recording; empty when nobody knows."""
    duration: float
    """Seconds."""
    created_at: float
    damage: Damage | None = None
    """What of the recording could not be decoded (VP-006)."""


class CustomVoices:
    """The voices of one team."""

    def __init__(self, backends: Backends, team: str) -> None:
        self._backends = backends
        self._team = team
        self._collection = f"{CUSTOM_VOICES}:{team}"

    async def all(self) -> list[CustomVoice]:
        """Every voice, by name."""
        return [_voice(found) for found in await self._backends.store.list(self._collection)]

    async def named(self, name: str) -> CustomVoice | None:
        """The voice with this name."""
        found = await self._backends.store.get(self._collection, name.lower())
        return _voice(found) if found else None

    async def find(self, voice_id: str) -> CustomVoice:
        """Raises NotFound, for another team's voice too (KEY-015)."""
        voice = await self.named(voice_id.removeprefix(ID_PREFIX)) if voice_id.startswith(ID_PREFIX) else None
        if voice is None or voice.id != voice_id:
            raise NotFound("There is no such voice.")
        return voice

    async def check_free(self, name: str) -> None:
        """Raises Conflict when the name is taken, and InvalidRequest when the team has too many voices."""
        if await self.named(name):
            raise _taken(name)
        if len(await self.all()) >= MOST:
            raise InvalidRequest(f"name: A team may have {MOST} voices; delete one first.")

    async def add(
        self, name: str, model: str, language: str, reference: Reference, damage: Damage | None = None
    ) -> CustomVoice:
        """Keep a recording under a slug of a name. Raises Conflict when it is taken, and StorageFull.

        The name is taken first, so that of two at once only one writes the file.
        """
        voice = CustomVoice(
            id=f"{ID_PREFIX}{name}",
            name=name,
            model=model,
            language=language,
            path=self._path(name),
            transcript=reference.transcript,
            duration=round(len(reference.samples) / reference.sample_rate, 3),
            created_at=self._backends.clock.now(),
            damage=damage,
        )
        try:
            await self._backends.store.put(self._collection, name.lower(), asdict(voice), expected_version=0)
        except Conflict as taken:
            raise _taken(name) from taken
        async with AsyncExitStack() as undo:
            undo.push_async_callback(self._backends.store.delete, self._collection, name.lower())
            await self.write(name, reference)
            undo.pop_all()
        return voice

    async def delete(self, voice: CustomVoice) -> None:
        """Forget a voice and its recording."""
        await self._backends.files.delete(voice.path)
        await self._backends.store.delete(self._collection, voice.name.lower())

    async def write(self, name: str, reference: Reference) -> str:
        """Write the recording of a voice; its path. Raises StorageFull."""
        path, files = self._path(name), self._backends.files
        content = await asyncio.to_thread(wav, reference.samples, reference.sample_rate)
        await files.write(path, content, team=self._team, media_type=MEDIA_TYPE, keep_s=None)
        return path

    def _path(self, name: str) -> str:
        return f"{CUSTOM_VOICES}/{self._team}/{name}.wav"


def _taken(name: str) -> Conflict:
    return Conflict(f"name: There is a voice {name!r} already; choose another name, or delete it first.")


def _voice(found: Document) -> CustomVoice:
    damage = found.body.get("damage")
    return CustomVoice(**{**found.body, "damage": Damage(**damage) if damage else None})
