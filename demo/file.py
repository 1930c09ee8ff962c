"""The same speech once more, as a file: what an OpenAI client would send."""

from __future__ import annotations

from collections.abc import Sequence

import httpx

from demo.cluster import DemoFailed, Running
from loadtests.audio import as_wav
from loadtests.captions.client import PATIENCE_S
from loadtests.recording import Utterance


async def subtitles(running: Running, said: Sequence[Utterance]) -> str:
    """All utterances in one recording, as SubRip subtitles (RT-48). Raises DemoFailed."""
    recording = as_wav(b"".join(each.pcm for each in said))
    async with httpx.AsyncClient(base_url=running.url, timeout=PATIENCE_S) as http:
        answer = await http.post(
            "/v1/audio/transcriptions",
            headers={"authorization": f"Bearer {running.key}"},
            data={"model": "typhoon", "response_format": "srt"},
            files={"file": ("speech.wav", recording, "audio/wav")},
        )
    if answer.is_error:
        raise DemoFailed(f"the file was not transcribed: {answer.text}")
    return answer.text.strip()
