"""The embedded engines behind the whole API: what is spoken here is understood here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from deployments.config import ModelArgs
from deployments.local import LocalModels
from deployments.vad.silero import SileroDetector
from serve_app.app import create_app
from serve_app.auth import Policy
from serve_app.backends import Backends
from serve_app.flows.jobs.attempt import execute
from serve_app.flows.speech.synthesis import KIND, speak_job
from tests.fakes import open_backends, team_with_key

ROWS = [
    ModelArgs(task="asr", name="whisper", engine="deployments.asr.embedded.thai:EmbeddedRecognizer"),
    ModelArgs(
        task="tts",
        name="embedded",
        engine="deployments.tts.embedded.engine:EmbeddedSynthesizer",
        options={"neural": False},  # what the recogniser above was trained on
        serves=("f5", "cosytts", "omnivoice"),
    ),
]
SENTENCE = "วันนี้เราเรียนภาษาไทย"
WORDS = ("วันนี้", "เรา", "เรียน")


@pytest.fixture(scope="module")
def models() -> Iterator[LocalModels]:
    loaded = LocalModels.load(ROWS)
    yield loaded
    loaded.close()


@pytest.fixture
async def backends(tmp_path: Path, models: LocalModels) -> AsyncIterator[Backends]:
    async with open_backends(tmp_path) as opened:
        yield replace(opened, models=models, new_detector=SileroDetector)


@pytest.fixture
async def signed(backends: Backends) -> AsyncIterator[httpx.AsyncClient]:
    _, key = await team_with_key(backends, Policy(requests_per_minute=100))
    transport = httpx.ASGITransport(create_app(backends))
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as client:
        client.headers["x-api-key"] = key
        yield client


async def heard(signed: httpx.AsyncClient, name: str, content: bytes) -> str:
    answer = await signed.post("/transcribe", files={"file": (name, content)}, data={"language": "th"})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["text"])


async def spoken(
    signed: httpx.AsyncClient, backends: Backends, **fields: Any
) -> tuple[bytes, dict[str, Any]]:
    """The WAV and the metadata of a job."""
    started = await signed.post(
        "/api/tts/v1/audio/speech", json={"text": SENTENCE, "language": "th", **fields}
    )
    assert started.status_code == 200, started.text
    claimed = await backends.store.claim([KIND], lease_s=60, attempts=3, keep_s=60)
    assert claimed is not None
    await execute(backends, claimed, speak_job)
    done = (await signed.get(started.json()["statusPath"])).json()
    assert done["successful"], done
    return (await signed.get(done["result"]["url"])).content, done["result"]["metadata"]


@pytest.mark.parametrize("form", ["mp3", "opus", "flac", "wav"])
async def test_openais_route(signed: httpx.AsyncClient, form: str) -> None:
    """RT-51, OAI-008: after the encoder, too."""
    body = {"model": "tts-1", "input": SENTENCE, "voice": "alloy", "response_format": form, "seed": 1}
    answer = await signed.post("/v1/audio/speech", json=body)
    assert answer.status_code == 200, answer.text
    text = await heard(signed, f"speech.{form}", answer.content)
    assert all(word in text for word in WORDS), text


async def test_a_job(signed: httpx.AsyncClient, backends: Backends) -> None:
    """TTS-001, TTS-010, TTS-025: the same seed gives the same file; who spoke is told."""
    content, metadata = await spoken(signed, backends, seed=7)
    text = await heard(signed, "speech.wav", content)
    assert all(word in text for word in WORDS), text
    assert (metadata["engine_impl"], metadata["embedded"]) == ("kaleido-embedded-espeak", True)
    assert (await spoken(signed, backends, seed=7))[0] == content
    assert (await spoken(signed, backends, seed=8))[0] != content


async def test_a_cloned_voice(signed: httpx.AsyncClient, backends: Backends) -> None:
    """TTS-016, TTS-017, TTS-019, TTS-020: registered, transcribed by our own ear, cloned, understood."""
    recording, _ = await spoken(signed, backends, seed=7, model="omnivoice")
    form = {"name": "narrator", "model": "f5", "language": "th"}
    answer = await signed.post(
        "/api/tts/v1/custom-voices", files={"audio_file": ("a.wav", recording)}, data=form
    )
    assert answer.status_code == 200, answer.text
    assert all(word in answer.json()["clone_text"] for word in WORDS)
    content, metadata = await spoken(signed, backends, seed=7, **answer.json()["ttsRequest"])
    assert metadata["clone_audio"] == answer.json()["clone_audio"]
    assert "approximated" in metadata["cloning"]
    assert await heard(signed, "speech.wav", content)
