"""`POST /transcribe`: RT-19, VP-001, VP-002, OUT-002."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from serve_app.app import create_app
from serve_app.auth import Policy
from serve_app.backends import Backends
from serve_app.errors import DecodeFailed, EngineUnavailable, Saturated
from tests.api.live_api import serving
from tests.conftest import eventually
from tests.fakes import ManualClock, ScriptedModels, open_backends, team_with_key
from tests.flows.captions.scripted_speech import RATE, Detector, audio
from tests.flows.transcription.test_file_transcription import SIX, TWO, Engine, recording
from tests.http.probe import code_of
from tests.recordings import encode, holed

WAV = recording(8).getvalue()
JSON_22 = {"filename", "text", "segments", "duration", "processing_time"}
SEGMENT = {"id", "start", "end", "text", "tokens", "avg_logprob", "no_speech_prob"}


@pytest.fixture
def engine() -> Engine:
    return Engine(TWO)


@pytest.fixture
async def backends(tmp_path: Path, engine: Engine) -> AsyncIterator[Backends]:
    async with open_backends(tmp_path, optional_auth_surfaces=frozenset()) as opened:
        models = ScriptedModels({"whisper": engine})
        yield replace(opened, models=models, new_detector=lambda: Detector(engine.script))


async def upload(client: httpx.AsyncClient, content: bytes = WAV, name: str = "a.wav", **fields: str) -> Any:
    return await client.post("/transcribe", files={"file": (name, content)}, data=fields)


async def test_a_recording_becomes_text(signed: httpx.AsyncClient) -> None:
    """RT-19, RT-43, VP-001, VP-002: JSON 22, with and without a trailing slash."""
    for path in ("/transcribe", "/transcribe/"):
        answer = await signed.post(path, files={"file": ("audio.wav", WAV, "audio/wav")})
        transcript = answer.json()
        assert answer.status_code == 200
        assert set(transcript) == JSON_22 | {"language", "engine", "engine_impl", "damage"}
        assert transcript["damage"] is None
        assert transcript["filename"] == "audio.wav"
        assert transcript["text"] == "Good morning. How are you?"
        assert (transcript["duration"], transcript["processing_time"]) == (8.0, 0.0)
        assert (transcript["language"], transcript["engine"]) == ("en", "whisper")
        assert transcript["engine_impl"] == "scripted"
        assert [set(segment) for segment in transcript["segments"]] == [SEGMENT, SEGMENT]
        assert [segment["id"] for segment in transcript["segments"]] == [0, 1]
        assert [segment["text"] for segment in transcript["segments"]] == ["Good morning.", "How are you?"]
        assert transcript["segments"][0]["tokens"] == [0, 1]


async def test_a_damaged_recording(signed: httpx.AsyncClient, backends: Backends) -> None:
    """VP-006, QUO-013: the words on both sides of the hole at their times, and where it is; what stands for
    it counts as audio, and nothing decodable is a 400."""
    content = holed(encode("m4a with alac", audio(0, 8), RATE))
    transcript = (await upload(signed, content)).json()
    assert transcript["text"] == "Good morning. How are you?"
    assert [round(segment["start"]) for segment in transcript["segments"]] == [1, 5]
    assert 3.0 < transcript["damage"]["at"] < 5.0
    assert 0.1 < transcript["damage"]["seconds"] < 1.5
    assert transcript["duration"] == pytest.approx(8.0, abs=0.3)
    refused = await upload(signed, holed(encode("mp3", audio(0, 0.3), RATE), 0.5)[-400:])
    assert (refused.status_code, code_of(refused)) == (400, "invalid_audio")


async def test_a_large_recording(signed: httpx.AsyncClient, engine: Engine) -> None:
    """VP-001, OUT-002: one that is spooled to disk, past a megabyte."""
    engine.script = SIX
    transcript = (await upload(signed, recording(40).getvalue())).json()
    assert transcript["text"] == " ".join(word.text for word in SIX)
    assert transcript["duration"] == 40.0


async def test_processing_time(signed: httpx.AsyncClient, engine: Engine, clock: ManualClock) -> None:
    """VP-002: seconds from the arrival of the file to the answer."""
    engine.held = 0.0
    running = asyncio.create_task(upload(signed))
    await eventually(lambda: engine.in_flight)
    clock.advance(1.25)
    engine.released.set()
    assert (await running).json()["processing_time"] == 1.25


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("th", "th"),
        ("EN", "en"),
        ("", None),
        (None, None),
        ("auto", None),
        ("th-TH", "th"),
        ("en_US", "en"),
        (" English ", "en"),
        ("tha", "th"),
        ("ไทย", "th"),
    ],
)
async def test_the_language_is_given_or_found(
    signed: httpx.AsyncClient, engine: Engine, given: str | None, hint: str | None
) -> None:
    """VP-001, VP-004: ISO 639-1 or a usual spelling; nothing and auto are found out."""
    fields = {} if given is None else {"language": given}
    assert (await upload(signed, **fields)).json()["language"] == (hint or "en")
    assert engine.calls[0].hints.language == hint


@pytest.mark.parametrize("language", ["fr", "fr-FR", "zz", "e", "klingon", "e\u0301", "null"])
async def test_a_language_that_is_not_known(signed: httpx.AsyncClient, engine: Engine, language: str) -> None:
    """VP-001, ERR-010: a 400 that names the field and those known."""
    answer = await upload(signed, language=language)
    assert (answer.status_code, code_of(answer)) == (400, "invalid_request")
    assert answer.json()["error"] == "language: whisper understands en, th."
    assert engine.calls == []


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"data": {"language": "en"}},
        {"files": {"file": ("a.wav", b"")}},
        {"files": {"other": ("a.wav", WAV)}},
        {"files": {"file": (None, "text")}},
        {"json": {"file": "a.wav"}},
        {"content": WAV, "headers": {"content-type": "audio/wav"}},
        {"content": b"--x", "headers": {"content-type": "multipart/form-data"}},
        {"content": b"broken", "headers": {"content-type": "multipart/form-data; boundary=x"}},
    ],
)
async def test_a_request_without_a_file(signed: httpx.AsyncClient, request_: dict[str, Any]) -> None:
    """ERR-010: absent, empty, no file, no form: always a 400."""
    answer = await signed.post("/transcribe", **request_)
    assert (answer.status_code, code_of(answer)) == (400, "invalid_request")


@pytest.mark.parametrize("content", [b"text", b"RIFF....WAVE", b"#EXTM3U\n/etc/passwd", bytes(5000)])
async def test_a_file_that_is_no_recording(signed: httpx.AsyncClient, content: bytes) -> None:
    """VP-001, ERR-010: told by its content, whatever its name."""
    answer = await upload(signed, content, "a.wav")
    assert (answer.status_code, code_of(answer)) == (400, "invalid_audio")


async def test_a_silent_recording(signed: httpx.AsyncClient, engine: Engine) -> None:
    """VP-001, VP-002: no text, no segment, no language; its length all the same."""
    engine.script = []
    transcript = (await upload(signed)).json()
    assert (transcript["text"], transcript["segments"], transcript["duration"]) == ("", [], 8.0)
    assert transcript["language"] is None


async def test_a_recording_that_is_too_long(backends: Backends, key: str) -> None:
    """OUT-002."""
    short = replace(backends, settings=backends.settings.model_copy(update={"transcribe_max_audio_s": 5.0}))
    transport = httpx.ASGITransport(create_app(short))
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as client:
        client.headers["x-api-key"] = key
        answer = await upload(client)
    assert (answer.status_code, code_of(answer)) == (400, "audio_too_long")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\recordings\\a.wav", "a.wav"),
        ("/", ""),
        ("บันทึก.wav", "บันทึก.wav"),
        ("x" * 300, "x" * 255),
        ("file:///etc/passwd", "passwd"),
    ],
)
async def test_a_file_name_is_shown_back(signed: httpx.AsyncClient, name: str, shown: str) -> None:
    """VP-002, OUT-002: as given, without folders, bounded."""
    assert (await upload(signed, WAV, name)).json()["filename"] == shown


async def test_a_file_name_is_no_path(signed: httpx.AsyncClient, tmp_path: Path) -> None:
    """OUT-002: a recording that lies here is not read for a caller who names it."""
    ours = tmp_path / "ours.wav"
    ours.write_bytes(WAV)
    for content in (b"text", f"file '{ours}'".encode()):
        assert (await upload(signed, content, str(ours))).status_code == 400


async def test_without_a_key_nothing_is_read(client: httpx.AsyncClient) -> None:
    """KEY-010: 401 before the upload."""
    read: list[bytes] = []

    async def body() -> AsyncIterator[bytes]:
        read.append(WAV)
        yield WAV

    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = await client.post("/transcribe", content=body(), headers=headers)
    assert (answer.status_code, code_of(answer), read) == (401, "unauthorized", [])


async def test_a_development_profile_needs_no_key(backends: Backends) -> None:
    """KEY-014."""
    settings = backends.settings.model_copy(update={"optional_auth_surfaces": frozenset({"transcribe"})})
    transport = httpx.ASGITransport(create_app(replace(backends, settings=settings)))
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as client:
        assert (await upload(client)).status_code == 200


async def test_recordings_count_as_audio(backends: Backends, client: httpx.AsyncClient) -> None:
    """QUO-001, QUO-013, QUO-007: against the team's day; nothing is transcribed when nothing is left."""
    _, key = await team_with_key(backends, Policy(daily_audio_seconds=15))
    client.headers["x-api-key"] = key
    answers = [await upload(client) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert code_of(answers[2]) == "daily_audio_quota_exceeded"
    assert int(answers[2].headers["retry-after"]) >= 1
    caller = await backends.keys.authenticate(key)
    assert (await backends.limits.audio_today(caller)).used == 16.0


@pytest.mark.parametrize("failure", [DecodeFailed(), EngineUnavailable(), Saturated()])
async def test_an_engine_that_fails(
    signed: httpx.AsyncClient, engine: Engine, failure: DecodeFailed | EngineUnavailable | Saturated
) -> None:
    """ERR-005, ERR-016: in the last piece too; no half of a text is told."""
    engine.held, engine.failure = 4.0, failure
    answer = await upload(signed)
    assert (answer.status_code, code_of(answer)) == (failure.status, failure.code)
    assert "Good" not in answer.text


async def test_an_engine_that_is_away(signed: httpx.AsyncClient, backends: Backends) -> None:
    """ERR-005."""
    assert isinstance(backends.models, ScriptedModels)
    backends.models.recognizers.clear()
    answer = await upload(signed)
    assert (answer.status_code, code_of(answer)) == (503, "engine_unavailable")


async def test_a_client_that_leaves(
    backends: Backends, engine: Engine, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    """OAI-006, QUO-013: decoding stops, what was decoded is counted, and nothing is logged as failed."""
    engine.held = 0.0
    caller = await backends.keys.authenticate(key)

    async def used() -> bool:
        return 0.0 < (await backends.limits.audio_today(caller)).used <= 8.0

    async with serving(create_app(backends)) as port:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            client.headers["x-api-key"] = key
            running = asyncio.create_task(upload(client))
            await eventually(lambda: engine.in_flight)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        await eventually(lambda: engine.cancelled)
        await eventually(used)
    assert engine.in_flight == 0
    assert not [record for record in caplog.records if record.name in ("kaleido.errors", "uvicorn.error")]
