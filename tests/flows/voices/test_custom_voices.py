"""Voices that teams register, themselves or by a URL: TTS-016..021, NET-001, OUT-002, KEY-015."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serve_app.backends import Backends
from serve_app.core.speech.rules import SpeechFields
from serve_app.engines import Transcription, Word
from serve_app.errors import (
    Conflict,
    FetchFailed,
    InvalidAudio,
    InvalidRequest,
    NotFound,
    StorageFull,
    TooLarge,
    UnsafeUrl,
)
from serve_app.flows.speech.submit import submit_speech
from serve_app.flows.voices import custom_voices
from serve_app.flows.voices.custom_voices import MAX_BYTES, CustomVoice, CustomVoices
from serve_app.flows.voices.reference_audio import RATE
from serve_app.flows.voices.registration import NewVoice, register
from serve_app.outbound.fetch import Fetcher
from tests.fakes import (
    NO_AUTHORITIES,
    ScriptedModels,
    ScriptedRecognizer,
    ScriptedSynthesizer,
    no_network,
    open_backends,
)
from tests.recordings import encode, tone

TEAM = "team_a"
VOICE = encode("mp3", tone(3.0))
HEARD = Transcription((Word("สวัสดี", 0, 1, 0.9), Word("ครับ", 1, 2, 0.9)), language="th")
URL = "https://example.com/voice.mp3"


class Web(Fetcher):
    """A public internet of a few pages; the others are refused as the real one refuses them."""

    def __init__(self, pages: dict[str, bytes]) -> None:
        super().__init__(resolver=no_network, tls=NO_AUTHORITIES)
        self.pages = pages
        self.asked: list[str] = []

    async def get(
        self, url: str, *, limit_bytes: int, schemes: frozenset[str] = frozenset({"https"})
    ) -> bytes:
        self.asked.append(url)
        if url not in self.pages:
            return await super().get(url, limit_bytes=limit_bytes, schemes=schemes)
        await asyncio.sleep(0)
        if len(self.pages[url]) > limit_bytes:
            raise TooLarge
        return self.pages[url]


@dataclass
class Desk:
    """Registers voices for a team."""

    backends: Backends
    recognizer: ScriptedRecognizer
    web: Web
    team: str = TEAM

    async def register(self, content: bytes | None = VOICE, **fields: Any) -> CustomVoice:
        file = None if content is None else io.BytesIO(content)
        given = {
            "filename": "",
            "url": "",
            "name": "narrator",
            "model": "",
            "language": "th",
            "transcript": "",
        }
        new = NewVoice(file=file, size=len(content or b""), **{**given, **fields})
        return await register(self.backends, self.team, new)

    async def order(self, **fields: Any) -> dict[str, Any]:
        """The payload of a job that clones."""
        asked = SpeechFields(**{"text": "hello", "clone_audio": URL, **fields})
        return dict((await submit_speech(self.backends, self.team, asked, None)).payload)

    @property
    def voices(self) -> CustomVoices:
        return CustomVoices(self.backends, self.team)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_backends(tmp_path) as opened:
        web = Web({URL: VOICE})
        recognizer = ScriptedRecognizer([HEARD])
        models = ScriptedModels({"typhoon": recognizer}, {"cosytts": ScriptedSynthesizer()})
        yield Desk(replace(opened, models=models, fetch=web), recognizer, web)
        await web.close()


async def test_a_voice_is_kept_as_24_khz_wav(desk: Desk) -> None:
    """TTS-020, TTS-021: mono, whatever came; transcribed when nobody says what is heard."""
    voice = await desk.register(model="f5")
    assert voice.path == "custom_voices/team_a/narrator.wav"
    assert (voice.id, voice.name, voice.model, voice.language) == ("cv_narrator", "narrator", "f5", "th")
    assert voice.transcript == "สวัสดีครับ"
    found = await desk.backends.files.find(voice.path, team=TEAM)
    with wave.open(str(found.location)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert len(samples) / RATE == pytest.approx(3.0, abs=0.1)
    spectrum = np.abs(np.fft.rfft(samples))
    assert spectrum.argmax() * RATE / len(samples) == pytest.approx(440, abs=2)
    assert await desk.voices.all() == [voice]


async def test_a_given_transcript_is_kept(desk: Desk) -> None:
    """TTS-017: and nobody listens."""
    assert (await desk.register(transcript=" what it says\n")).transcript == "what it says"
    assert desk.recognizer.heard == []


async def test_no_recogniser_for_the_language(desk: Desk) -> None:
    """TTS-017: the transcript is empty."""
    assert (await desk.register(language="ko")).transcript == ""
    assert desk.recognizer.heard == []


async def test_a_taken_name(desk: Desk) -> None:
    """TTS-021: told clearly; the case of letters makes no other name. Another team's names are its own."""
    await desk.register(name="Narrator One")
    for name in ("narrator_one", "Narrator One"):
        with pytest.raises(Conflict, match="There is a voice"):
            await desk.register(name=name)
    other = replace(desk, team="team_b")
    assert (await other.register(name="Narrator One")).path == "custom_voices/team_b/Narrator_One.wav"


async def test_two_at_once(desk: Desk) -> None:
    """TTS-021: one gets the name, the other one is told; the file is the first one's."""
    both = await asyncio.gather(
        desk.register(transcript="one"), desk.register(transcript="two"), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in both) == ["Conflict", "CustomVoice"]


async def test_names_of_files(desk: Desk) -> None:
    """TTS-021, OUT-002: a name is taken from the file, and is no path."""
    assert (await desk.register(name="", filename="../../My voice.mp3")).name == "My_voice"
    assert (await desk.register(None, name="", url=URL)).name == "voice"
    with pytest.raises(InvalidRequest, match="name:"):
        await desk.register(name="", filename="เสียง.mp3")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"url": URL}, "audio_file:"),
        ({"content": None}, "audio_file:"),
        ({"model": "tts-1"}, "model:"),
        ({"language": "xx"}, "language:"),
        ({"transcript": "x" * 1001}, "transcript:"),
        ({"transcript": "ๆ", "language": "th"}, "transcript:"),
        ({"transcript": "你好", "language": "en"}, "transcript:"),
        ({"content": encode("flac", np.zeros(48_000 * 2, np.int16))}, "silent"),
        ({"content": encode("flac", np.zeros(48_000 * 36_00, np.int16))}, "longer than 30 s"),
    ],
    ids=["both", "neither", "model", "language", "transcript", "marks", "script", "silence", "an hour"],
)
async def test_refusals(desk: Desk, fields: dict[str, Any], told: str) -> None:
    """TTS-020, TTS-021, TTS-030, OUT-002: each names what is wrong, and nothing is kept."""
    with pytest.raises(InvalidRequest, match=told):
        await desk.register(**fields)
    assert await desk.voices.all() == []


async def test_bytes(desk: Desk) -> None:
    """TTS-021: 10 MiB, of a file and of a URL."""
    with pytest.raises(TooLarge, match="audio_file"):
        await desk.register(b"x" * (MAX_BYTES + 1))
    desk.web.pages[URL] = b"x" * (MAX_BYTES + 1)
    with pytest.raises(TooLarge):
        await desk.register(None, url=URL)


async def test_too_many_voices(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """TTS-021: no team fills the disk."""
    monkeypatch.setattr(custom_voices, "MOST", 1)
    await desk.register(name="one")
    with pytest.raises(InvalidRequest, match="1 voices"):
        await desk.register(name="two")


async def test_a_full_disk_takes_no_name(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """TTS-021: the same name can be tried again."""

    async def full(*_: object, **__: object) -> None:
        raise StorageFull

    with monkeypatch.context() as patched:
        patched.setattr(type(desk.backends.files), "write", full)
        with pytest.raises(StorageFull):
            await desk.register()
    assert await desk.register()


async def test_deleting(desk: Desk) -> None:
    """TTS-020, KEY-015: by id; an unknown or foreign id is not found; the name is free again."""
    voice = await desk.register()
    for voice_id in ("narrator", "cv_", "cv_NARRATOR", "cv_other", ""):
        with pytest.raises(NotFound):
            await desk.voices.find(voice_id)
    with pytest.raises(NotFound):
        await CustomVoices(desk.backends, "team_b").find(voice.id)
    await desk.voices.delete(await desk.voices.find(voice.id))
    with pytest.raises(NotFound):
        await desk.backends.files.find(voice.path, team=TEAM)
    assert await desk.register()


async def test_a_url_is_registered_once(desk: Desk) -> None:
    """TTS-016, TTS-017: fetched once for a team, and transcribed; other teams fetch for themselves."""
    desk.recognizer.script = []
    first = await desk.order(clone_text="what it says")
    assert (await desk.order())["transcript"] == "what it says"
    assert (await desk.order(clone_text="other words"))["transcript"] == "other words"
    assert desk.web.asked == [URL]
    (voice,) = await desk.voices.all()
    assert first["reference"] == voice.path
    await replace(desk, team="team_b").order()
    assert desk.web.asked == [URL, URL]


async def test_a_url_in_two_requests_at_once(desk: Desk) -> None:
    """TTS-016: both clone the same voice."""
    one, two = await asyncio.gather(desk.order(seed=1), desk.order(seed=2))
    assert one["reference"] == two["reference"]
    assert len(await desk.voices.all()) == 1


async def test_a_registration_that_died_half_way(desk: Desk) -> None:
    """TTS-016: a name without its file is no obstacle."""
    voice = (await desk.order())["reference"]
    await desk.backends.files.delete(voice)
    assert (await desk.order())["reference"] == voice
    assert desk.web.asked == [URL, URL]


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("https://127.0.0.1/voice.wav", UnsafeUrl),
        ("https://user@example.com/voice.wav", UnsafeUrl),
        ("https://example.com:8443/voice.wav", UnsafeUrl),
        ("https://nowhere.example/voice.wav", FetchFailed),
        ("http://example.com/voice.wav", InvalidRequest),
    ],
)
async def test_urls_that_may_not_be_fetched(desk: Desk, url: str, error: type[InvalidRequest]) -> None:
    """TTS-018, NET-001: a clear 400 before a job is accepted."""
    with pytest.raises(error):
        await desk.order(clone_audio=url)
    with pytest.raises(error):
        await desk.register(None, url=url)
    assert (await desk.backends.store.backlog("tts")).waiting == 0


async def test_a_url_of_something_else(desk: Desk) -> None:
    """TTS-018: what is no recording is not kept."""
    desk.web.pages[URL] = b"<html>"
    with pytest.raises(InvalidAudio):
        await desk.order()
    assert await desk.voices.all() == []
