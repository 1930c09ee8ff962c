"""A recording of the user's own: live captions as it plays, then the file in whatever language it is in."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import httpx

from demo.cluster import DemoFailed, Running
from demo.screen import CaptionLine
from loadtests.captions.client import PATIENCE_S, ThaiAsr
from loadtests.onset import decided_ms
from loadtests.recording import Utterance
from serve_app.errors import AudioTooLong, InvalidAudio
from serve_app.media.audio_file import AudioFile

LONGEST_S = 120.0
"""It is played in real time."""


def utterance(path: Path) -> Utterance:
    """All of a recording in one of the containers of `POST /transcribe` (VP-001). Raises DemoFailed."""
    try:
        with path.open("rb") as file, closing(AudioFile(file, max_seconds=LONGEST_S)) as audio:
            pcm = b"".join(block.tobytes() for block in audio.blocks())
    except (InvalidAudio, AudioTooLong) as wrong:
        raise DemoFailed(f"{path}: {wrong.message}") from wrong
    return Utterance(path.name, "", pcm, decided_ms(pcm))


async def caption(running: Running, said: Utterance) -> None:
    """Show the live captions, which are Thai, while it plays. Raises StreamFailed."""
    async with ThaiAsr(running.url, running.key) as api, api.stream({"benchmark_label": "demo"}) as stream:
        await stream.say(said, CaptionLine().show)


async def transcript(running: Running, path: Path) -> str:
    """Language and text of the file, told nothing about it (RT-48). Raises DemoFailed."""
    recording = await asyncio.to_thread(path.read_bytes)
    async with httpx.AsyncClient(base_url=running.url, timeout=max(PATIENCE_S, LONGEST_S)) as http:
        answer = await http.post(
            "/v1/audio/transcriptions",
            headers={"authorization": f"Bearer {running.key}"},
            data={"model": "whisper", "response_format": "verbose_json"},
            files={"file": (path.name, recording)},
        )
    if answer.is_error:
        raise DemoFailed(f"{path} was not transcribed: {answer.text}")
    heard = answer.json()
    return f"{heard['language']}: {heard['text'] or '(nothing was said)'}"
