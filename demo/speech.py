"""Text to speech and back: jobs, a cloned voice, and our own recogniser as the listener."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from demo.cluster import DemoFailed, Running
from loadtests.captions.client import PATIENCE_S
from loadtests.job_client import JobFailed
from loadtests.report import Cell
from loadtests.speech.client import SpeechJobs, Spoken
from loadtests.transcripts import character_errors

THAI = "สวัสดีค่ะ วันนี้เราจะเรียนภาษาไทยด้วยกัน"
HEAD = ("model", "language", "voice", "seconds", "engine ms", "job ms", "CER %", "file")
TEXTS = (0, 1, 2, 7)
VOICE = "demo_voice"


@dataclass(frozen=True, slots=True)
class Said:
    """One text that was spoken and saved."""

    voice: str
    spoken: Spoken
    recording: bytes
    """The WAV."""
    saved: Path
    cer: float | None
    """Percent, where our recogniser knows the language."""

    def row(self) -> tuple[Cell, ...]:
        """The cells below HEAD."""
        told = self.spoken.metadata
        times = (f"{ms:.0f}" for ms in (self.spoken.synthesis_ms, self.spoken.total_ms))
        return (
            told["model"],
            told["language"],
            self.voice,
            told["duration"],
            *times,
            self.cer,
            str(self.saved),
        )


async def speak_all(running: Running, folder: Path) -> Sequence[Said]:
    """Thai, English and Vietnamese, then Thai in a voice cloned from the first. Raises DemoFailed."""
    async with SpeechJobs(running.url, running.key) as jobs:
        try:
            return await _speak_all(running, jobs, folder)
        except JobFailed as failure:
            raise DemoFailed(f"speech: {failure}") from failure


async def _speak_all(running: Running, jobs: SpeechJobs, folder: Path) -> list[Said]:
    # The embedded recogniser listens, and v1 is the embedded voice that it was trained to hear.
    thai = {"text": THAI, "language": "th", "model": "f5", "f5_thai_variant": "v1", "seed": 1}
    english = {"text": "Good morning, dear pupils.", "language": "en", "speaker": "Ryan", "seed": 1}
    vietnamese = {"text": "Xin chào các bạn.", "language": "vi", "seed": 1}
    said = [await _speak(running, jobs, folder, request) for request in (thai, english, vietnamese)]
    voice = await jobs.voice(VOICE, said[0].recording, model="omnivoice", language="th", transcript=THAI)
    cloned = {"text": "ขอบคุณมากค่ะ แล้วพบกันใหม่พรุ่งนี้", "language": "th", "model": "omnivoice", "seed": 1}
    return [*said, await _speak(running, jobs, folder, {**cloned, "clone_audio": voice})]


async def _speak(running: Running, jobs: SpeechJobs, folder: Path, request: Mapping[str, Any]) -> Said:
    spoken = await jobs.speak(request)
    recording = await jobs.download(spoken)
    voice = "cloned" if "clone_audio" in request else request.get("speaker", "default")
    saved = folder / f"{request['language']}_{voice}.wav"
    await asyncio.to_thread(_save, saved, recording)
    heard = await _heard(running, recording) if request["language"] == "th" else None
    return Said(voice, spoken, recording, saved, None if heard is None else _cer(request["text"], heard))


def _save(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


async def _heard(running: Running, recording: bytes) -> str:
    """What our recogniser makes of it. Raises DemoFailed."""
    async with httpx.AsyncClient(base_url=running.url, timeout=PATIENCE_S) as http:
        answer = await http.post(
            "/v1/audio/transcriptions",
            headers={"authorization": f"Bearer {running.key}"},
            data={"model": "typhoon"},
            files={"file": ("speech.wav", recording, "audio/wav")},
        )
    if answer.is_error:
        raise DemoFailed(f"the speech was not transcribed: {answer.text}")
    return str(answer.json()["text"])


def _cer(said: str, heard: str) -> float:
    edits, characters = character_errors(said, heard)
    return round(100 * edits / characters, 1)
