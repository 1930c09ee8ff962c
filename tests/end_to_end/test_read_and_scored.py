"""The embedded engines behind Reading Score: what is read wrong here is found here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soxr

from deployments.config import ModelArgs
from deployments.jobs.dispatcher import Dispatcher
from deployments.local import LocalModels
from deployments.tts.embedded import formant
from deployments.vad.silero import SileroDetector
from serve_app.app import create_app
from serve_app.core.audio.pcm import Pcm16
from serve_app.engines import SAMPLE_RATE
from serve_app.flows.job_registry import FLOWS
from serve_app.flows.reading.score import KIND
from tests.fakes import open_backends, team_with_key
from tests.flows.reading.orders import wav_of

ROWS = [
    ModelArgs(task="asr", name="typhoon", engine="deployments.asr.embedded.thai:EmbeddedRecognizer"),
    ModelArgs(task="align", name="thai", engine="deployments.align.embedded.engine:EmbeddedAligner"),
]
TEXT = "วันนี้เราจะไปโรงเรียนด้วยกัน"
WRONG = "วันนี้เราไปตลาดด้วยกัน"
PAUSE = np.zeros(round(0.6 * SAMPLE_RATE), np.int16)
"""A breath."""


@pytest.fixture(scope="module")
def models() -> Iterator[LocalModels]:
    loaded = LocalModels.load(ROWS)
    yield loaded
    loaded.close()


@pytest.fixture
async def signed(tmp_path: Path, models: LocalModels) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a key, and somebody who runs its jobs."""
    async with open_backends(tmp_path) as opened:
        backends = replace(opened, models=models, new_detector=SileroDetector)
        dispatcher = Dispatcher(backends, FLOWS, {KIND: 1})
        dispatcher.start()
        _, key = await team_with_key(backends)
        transport = httpx.ASGITransport(create_app(backends))
        async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as client:
            client.headers["x-api-key"] = key
            yield client
        await dispatcher.drain(5)


def read(text: str) -> Pcm16:
    """A text in a voice of ours."""
    speech = formant.synthesize(text, voice="malee")
    wave = soxr.resample(speech.samples.astype(np.float64), speech.sample_rate, SAMPLE_RATE)
    return np.asarray((np.clip(wave, -1, 1) * 32767).astype(np.int16))


async def scored(signed: httpx.AsyncClient, *parts: Pcm16, **fields: str) -> dict[str, Any]:
    files = {"student_audio": ("reading.wav", wav_of(np.concatenate(parts)))}
    fields = fields or {"reference_text": TEXT}
    answer = await signed.post("/api/reading-score", files=files, data=fields)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_mistakes_are_found(signed: httpx.AsyncClient) -> None:
    """RT-04, RS-025, RS-030..034, RS-057, RS-058: a word left out and one read as another, twice alike."""
    found, again = [await scored(signed, read(WRONG)) for _ in range(2)]
    assert found == again
    assert found["feedback"]["missingWords"] == ["จะ"]
    assert found["feedback"]["substitutions"] == [{"expected": "โรงเรียน", "actual": "ตลาด"}]
    assert found["diagnostics"]["rawScores"]["textAccuracy"] == 66.67
    assert set(found["feedback"]["pronunciationFocusWords"]) >= {"จะ", "โรงเรียน"}
    assert 80 < found["scores"]["overall"] < 96


async def test_the_better_attempt_is_scored(signed: httpx.AsyncClient) -> None:
    """RS-032, RS-070, RS-076: mistakes of the first one do not count."""
    found = await scored(signed, read(WRONG), PAUSE, read(TEXT))
    assert found["scores"]["textAccuracy"] == 100.0
    assert found["scores"]["pronunciation"] > 95
    selected = found["student"]["selectedAttempt"]
    assert (selected["applied"], selected["multipleAttemptsDetected"]) == (True, True)
    assert selected["start"] > 2.4


async def test_nobody_speaks(signed: httpx.AsyncClient) -> None:
    """RS-081, RS-082: silence, and noise."""
    noise = np.random.default_rng(1).normal(0, 1000, 2 * SAMPLE_RATE).astype(np.int16)
    for sound in (PAUSE, noise):
        found = await scored(signed, sound)
        assert (found["assessment"]["status"], found["scores"]["overall"]) == ("no_speech", 0.0)
