"""Files of a form under every spelling of their names: OUT-004."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from serve_app.backends import Backends
from tests.fakes import ScriptedModels, open_backends
from tests.flows.captions.scripted_speech import Detector
from tests.flows.transcription.test_file_transcription import TWO, Engine, recording

WAV = recording(8).getvalue()
MULTIPART = {"content-type": "multipart/form-data; boundary=X"}


@pytest.fixture
async def backends(tmp_path: Path) -> AsyncIterator[Backends]:
    async with open_backends(tmp_path) as opened:
        models = ScriptedModels({"whisper": Engine(TWO)})
        yield replace(opened, models=models, new_detector=lambda: Detector(TWO))


async def sent(client: httpx.AsyncClient, path: str, disposition: bytes) -> httpx.Response:
    """A form of one file, written as a client would."""
    head = b"--X\r\nContent-Disposition: form-data; " + disposition + b"\r\n\r\n"
    return await client.post(path, content=head + WAV + b"\r\n--X--\r\n", headers=MULTIPART)


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        (b"name=\"file\"; filename*=utf-8''%E0%B8%81.wav", "ก.wav"),
        (b"name=file; filename=\"=?utf-8?B?4LiBLndhdg==?=\"; filename*=utf-8''%E0%B8%81.wav", "ก.wav"),
        ('name="file"; filename="ก.wav"'.encode(), "ก.wav"),
        (b'name="file"; filename="\xe9.wav"', "é.wav"),
        (b'name="file"; filename="a%22b.wav"', 'a"b.wav'),
        (b'name="file"; filename="C:\\a\\b.wav"', "b.wav"),
        (b'name="file"; filename="/etc/x/../b.wav"', "b.wav"),
        (b'name="file"; filename=""', ""),
    ],
)
async def test_a_recording_is_taken(signed: httpx.AsyncClient, disposition: bytes, name: str) -> None:
    """OUT-004, VP-002: and its name is the one that was meant."""
    answer = await sent(signed, "/transcribe", disposition)
    assert (answer.status_code, answer.json()["filename"]) == (200, name)


async def test_a_voice_has_the_name_of_its_file(signed: httpx.AsyncClient) -> None:
    """OUT-004, TTS-020: on other routes too."""
    disposition = b"name=\"audio_file\"; filename*=utf-8''C%3A%5Cvoices%5CMy%20voice.wav"
    answer = await sent(signed, "/api/tts/v1/custom-voices", disposition)
    assert answer.json()["voice"]["name"] == "My_voice"


@pytest.mark.parametrize("disposition", [b"filename*=utf-8''a.wav", b'filename="a.wav"'])
async def test_a_part_without_a_field(signed: httpx.AsyncClient, disposition: bytes) -> None:
    """ERR-010, ERR-022: a 400 in words."""
    answer = await sent(signed, "/transcribe", disposition)
    assert (answer.status_code, "name" in answer.json()["error"]) == (400, True)
