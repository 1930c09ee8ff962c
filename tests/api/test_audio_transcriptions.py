"""`POST /v1/audio/transcriptions` with OpenAI's own client: RT-48, OAI-001..005, ERR-017."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import httpx2
import openai
import pytest
from fastapi import FastAPI
from openai import AsyncOpenAI

from deployments.config import ModelArgs
from deployments.local import LocalModels
from deployments.tts.embedded import formant
from deployments.vad.silero import SileroDetector
from serve_app.app import create_app
from serve_app.auth import Policy
from serve_app.backends import Backends
from serve_app.core.text.thai import caption_line
from serve_app.engines import Hints, Word
from serve_app.errors import DecodeFailed, EngineUnavailable, KaleidoError
from tests.api.live_api import serving
from tests.conftest import eventually
from tests.fakes import ScriptedModels, ScriptedRecognizer, open_backends, team_with_key
from tests.flows.captions.scripted_speech import RATE, Detector, audio
from tests.flows.transcription.test_file_transcription import TWO, Engine, recording
from tests.recordings import encode, holed

WAV = ("speech.wav", recording(8).getvalue())
TEXT = "Good morning. How are you?"


@pytest.fixture
def engine() -> Engine:
    return Engine(TWO)


@pytest.fixture
async def backends(tmp_path: Path, engine: Engine) -> AsyncIterator[Backends]:
    async with open_backends(tmp_path) as opened:
        models = ScriptedModels({"whisper": engine, "typhoon": ScriptedRecognizer()})
        yield replace(opened, models=models, new_detector=lambda: Detector(engine.script))


def client_of(app: FastAPI, key: str) -> AsyncOpenAI:
    transport = httpx2.ASGITransport(app)
    return AsyncOpenAI(
        api_key=key,
        base_url="http://api.test/v1",
        max_retries=0,
        http_client=httpx2.AsyncClient(transport=transport),
    )


@pytest.fixture
async def sdk(app: FastAPI, key: str) -> AsyncIterator[AsyncOpenAI]:
    async with client_of(app, key) as client:
        yield client


async def test_json(sdk: AsyncOpenAI) -> None:
    """RT-48, OAI-001: the text and what it counted; also when no format is asked for."""
    for asked in ({}, {"response_format": "json"}):
        heard: Any = await sdk.audio.transcriptions.create(file=WAV, model="whisper", **asked)
        assert heard.text == TEXT
        assert heard.usage.to_dict() == {"type": "duration", "seconds": 8.0}


async def test_verbose_json(sdk: AsyncOpenAI) -> None:
    """OAI-002: segments as the client's types have them."""
    heard = await sdk.audio.transcriptions.create(
        file=WAV, model="whisper", response_format="verbose_json", temperature=0.5
    )
    assert (heard.text, heard.language, heard.duration) == (TEXT, "en", 8.0)
    assert heard.words is None
    assert heard.segments is not None
    assert [segment.text for segment in heard.segments] == ["Good morning.", "How are you?"]
    first = heard.segments[0]
    assert (first.id, first.tokens, first.avg_logprob, first.temperature) == (0, [0, 1], -0.25, 0.5)
    assert first.seek == pytest.approx(100, abs=35)
    assert first.no_speech_prob == pytest.approx(0.1)
    assert first.compression_ratio > 0
    assert first.end == pytest.approx(1.8, abs=0.02)
    assert heard.to_dict()["task"] == "transcribe"


@pytest.mark.parametrize("asked", [["word"], ["word", "segment"], ["segment"]])
async def test_granularities(sdk: AsyncOpenAI, asked: list[Any]) -> None:
    """OAI-002: words without the spaces around them, which add up to the text."""
    heard = await sdk.audio.transcriptions.create(
        file=WAV, model="whisper", response_format="verbose_json", timestamp_granularities=asked
    )
    assert (heard.words is not None, heard.segments is not None) == ("word" in asked, "segment" in asked)
    if heard.words:
        assert [word.word for word in heard.words] == TEXT.split()
        assert caption_line(Word(w.word, w.start, w.end, 1.0) for w in heard.words) == heard.text
        starts = [word.start for word in heard.words]
        assert starts == pytest.approx([word.start for word in TWO], abs=0.02)


@pytest.mark.parametrize(
    ("form", "content_type", "expected"),
    [
        ("text", "text/plain", f"{TEXT}\n"),
        ("srt", "text/plain", "1\n00:00:01,"),
        ("vtt", "text/vtt", "WEBVTT\n\n00:00:01."),
    ],
)
async def test_plain_formats(sdk: AsyncOpenAI, form: Any, content_type: str, expected: str) -> None:
    """OAI-003."""
    answer = await sdk.audio.transcriptions.with_raw_response.create(
        file=WAV, model="whisper", response_format=form
    )
    text = answer.text
    assert answer.headers["content-type"] == f"{content_type}; charset=utf-8"
    assert text.startswith(expected)
    assert "Good morning." in text
    parsed: Any = answer.parse()
    assert parsed == text


@pytest.mark.parametrize("form", ["json", "text"])
async def test_stream(sdk: AsyncOpenAI, form: Any) -> None:
    """OAI-004: a delta for each segment, then the whole, which is the sum of the deltas."""
    stream: Any = await sdk.audio.transcriptions.create(
        file=WAV, model="whisper", stream=True, response_format=form
    )
    *deltas, done = [event async for event in stream]
    assert [delta.type for delta in deltas] == ["transcript.text.delta"] * 2
    assert [delta.delta for delta in deltas] == ["Good morning.", " How are you?"]
    assert (done.type, done.text) == ("transcript.text.done", TEXT)


async def test_a_damaged_recording(sdk: AsyncOpenAI) -> None:
    """VP-006: both forms of JSON and the end of a stream tell where; a whole recording has no such field."""
    file = ("speech.m4a", holed(encode("m4a with alac", audio(0, 8), RATE)))
    create: Any = sdk.audio.transcriptions.create
    for form in ("json", "verbose_json"):
        heard = await create(file=file, model="whisper", response_format=form)
        assert heard.text == TEXT
        assert 3.0 < heard.damage["at"] < 5.0
        assert "damage" not in (await create(file=WAV, model="whisper", response_format=form)).to_dict()
    events = [event async for event in await create(file=file, model="whisper", stream=True)]
    assert events[-1].damage == heard.damage


async def test_stream_of_silence(sdk: AsyncOpenAI, engine: Engine) -> None:
    """OAI-004."""
    engine.script = []
    stream = await sdk.audio.transcriptions.create(file=WAV, model="whisper", stream=True)
    assert [(event.type, event.text) async for event in stream] == [("transcript.text.done", "")]


async def test_a_stream_that_fails(sdk: AsyncOpenAI, engine: Engine) -> None:
    """OAI-004, ERR-005: an error event, which the client raises; before any text it is a status."""
    engine.held, engine.failure = 4.0, EngineUnavailable()
    stream = await sdk.audio.transcriptions.create(file=WAV, model="whisper", stream=True)
    events = aiter(stream)
    assert (await anext(events)).type == "transcript.text.delta"
    with pytest.raises(openai.APIError) as failed:
        await anext(events)
    assert (failed.value.code, failed.value.type) == ("engine_unavailable", "server_error")
    engine.held = 0.0
    with pytest.raises(openai.InternalServerError) as refused:
        await sdk.audio.transcriptions.create(file=WAV, model="whisper", stream=True)
    assert refused.value.status_code == 503


async def test_hints_reach_the_engine(sdk: AsyncOpenAI, engine: Engine) -> None:
    """OAI-001, VP-004: language, prompt (its end) and temperature; what changes nothing here is accepted."""
    await sdk.audio.transcriptions.create(
        file=WAV,
        model="whisper",
        language="th-TH",
        prompt="x" * 5000 + "Kaleido",
        temperature=0.2,
        include=["logprobs"],
        chunking_strategy={"type": "server_vad", "threshold": 0.4},
    )
    assert {call.hints for call in engine.calls} == {Hints("th", "x" * 1993 + "Kaleido", 0.2)}
    assert (await sdk.audio.transcriptions.create(file=WAV, model="whisper", chunking_strategy="auto")).text


async def test_models(sdk: AsyncOpenAI, backends: Backends) -> None:
    """OAI-005: any recogniser by its name, OpenAI's by that of the settings; none else."""
    assert (await sdk.audio.transcriptions.create(file=WAV, model="whisper-1")).text == TEXT
    assert (await sdk.audio.transcriptions.create(file=WAV, model="typhoon")).text == ""
    with pytest.raises(openai.NotFoundError, match="typhoon, whisper") as unknown:
        await sdk.audio.transcriptions.create(file=WAV, model="gpt-4o-transcribe")
    assert (unknown.value.code, unknown.value.type) == ("model_not_found", "invalid_request_error")


async def test_an_engine_that_is_away(sdk: AsyncOpenAI, backends: Backends) -> None:
    """ERR-005, OAI-005: what the settings promise is unavailable, and not unknown."""
    assert isinstance(backends.models, ScriptedModels)
    del backends.models.recognizers["whisper"]
    with pytest.raises(openai.InternalServerError) as away:
        await sdk.audio.transcriptions.create(file=WAV, model="whisper-1")
    assert (away.value.status_code, away.value.code) == (503, "engine_unavailable")


async def test_a_wrong_key(app: FastAPI) -> None:
    """KEY-007, KEY-010, ERR-001, ERR-017."""
    async with client_of(app, "wrong") as sdk:
        with pytest.raises(openai.AuthenticationError) as refused:
            await sdk.audio.transcriptions.create(file=WAV, model="whisper")
    assert (refused.value.code, refused.value.type) == ("unauthorized", "invalid_request_error")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"language": "fr"}, "language"),
        ({"language": "klingon"}, "language"),
        ({"temperature": 1.1}, "temperature"),
        ({"temperature": "nan"}, "temperature"),
        ({"response_format": "xml"}, "response_format"),
        ({"response_format": "json", "timestamp_granularities": ["word"]}, "timestamp_granularities"),
        ({"response_format": "verbose_json", "timestamp_granularities": ["line"]}, "granularities"),
        ({"response_format": "srt", "stream": True}, "response_format"),
        ({"stream": "maybe"}, "stream"),
        ({"file": ("a.wav", b"")}, "file"),
        ({"file": ("a.wav", b"text")}, "recording"),
        ({"file": ("a.wav", b"text"), "stream": True}, "recording"),
        ({"model": ""}, "model"),
    ],
)
async def test_invalid_fields(sdk: AsyncOpenAI, fields: dict[str, Any], named: str) -> None:
    """ERR-010, ERR-017: a BadRequestError that names the field."""
    with pytest.raises(openai.BadRequestError, match=named) as refused:
        await sdk.audio.transcriptions.create(**{"file": WAV, "model": "whisper", **fields})
    assert (refused.value.status_code, refused.value.type) == (400, "invalid_request_error")


@pytest.mark.parametrize(
    "spelled",
    [
        [("timestamp_granularities[]", "word"), ("timestamp_granularities[]", "segment")],
        [("timestamp_granularities", "word"), ("timestamp_granularities", "segment")],
        [("timestamp_granularities[0]", "word"), ("timestamp_granularities[1]", "segment")],
        [("timestamp_granularities", "word,segment")],
        [("timestamp_granularities[]", "word, segment")],
        [("timestamp_granularities", '["word", "segment"]')],
    ],
)
async def test_spellings_of_a_list(signed: httpx.AsyncClient, spelled: list[tuple[str, str]]) -> None:
    """OAI-012: nobody finds out late that what they asked for was lost."""
    names = {name for name, _ in spelled}
    form: dict[str, Any] = {name: [value for other, value in spelled if other == name] for name in names}
    form |= {"model": "whisper", "response_format": "verbose_json"}
    answer = await signed.post("/v1/audio/transcriptions", files={"file": WAV}, data=form)
    assert {"words", "segments"} <= set(answer.json())


@pytest.mark.parametrize("name", ["timestamp_granularities", "timestamp_granularities[0]"])
async def test_unknown_members_of_a_list(signed: httpx.AsyncClient, name: str) -> None:
    """OAI-012, ERR-017: a 400 that names the member and what it may be, in any spelling."""
    form = {"model": "whisper", "response_format": "verbose_json", name: "word,line"}
    answer = await signed.post("/v1/audio/transcriptions", files={"file": WAV}, data=form)
    assert answer.status_code == 400
    told = "timestamp_granularities.1: Input should be 'word' or 'segment'"
    assert answer.json()["error"]["message"] == told


async def test_the_form_of_errors(signed: httpx.AsyncClient) -> None:
    """ERR-017: OpenAI's, with and without a trailing slash, for whatever is wrong."""
    for path in ("/v1/audio/transcriptions", "/v1/audio/transcriptions/"):
        for answer in (await signed.post(path), await signed.get(path)):
            assert set(answer.json()) == {"error"}
            assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    unsigned = await signed.post("/v1/audio/transcriptions", headers={"x-api-key": "wrong"})
    assert unsigned.json()["error"]["code"] == "unauthorized"


async def test_limits(app: FastAPI, backends: Backends) -> None:
    """QUO-001, QUO-013, ERR-014: the day's audio and the minute's requests are RateLimitErrors."""
    _, key = await team_with_key(backends, Policy(requests_per_minute=2, daily_audio_seconds=8))
    codes = []
    async with client_of(app, key) as sdk:
        await sdk.audio.transcriptions.create(file=WAV, model="whisper")
        for _ in range(2):
            with pytest.raises(openai.RateLimitError) as refused:
                await sdk.audio.transcriptions.create(file=WAV, model="whisper")
            codes.append(refused.value.code)
            assert int(refused.value.response.headers["retry-after"]) >= 1
    assert codes == ["daily_audio_quota_exceeded", "rate_limited"]


@pytest.mark.parametrize("failure", [DecodeFailed(), EngineUnavailable()])
async def test_an_engine_that_fails(sdk: AsyncOpenAI, engine: Engine, failure: KaleidoError) -> None:
    """ERR-005, ERR-017."""
    engine.held, engine.failure = 4.0, failure
    with pytest.raises(openai.InternalServerError) as failed:
        await sdk.audio.transcriptions.create(file=WAV, model="whisper")
    assert (failed.value.status_code, failed.value.code) == (failure.status, failure.code)


async def test_a_stream_is_told_as_it_grows_and_ends_with_its_reader(
    backends: Backends, engine: Engine, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    """OAI-004, OAI-006, QUO-013: a delta comes while the next piece is decoded; leaving cancels that."""
    engine.held = 4.0
    caller = await backends.keys.authenticate(key)

    async def used() -> bool:
        return (await backends.limits.audio_today(caller)).used == 8.0

    async with serving(create_app(backends)) as port:
        async with AsyncOpenAI(api_key=key, base_url=f"http://127.0.0.1:{port}/v1", max_retries=0) as sdk:
            stream = await sdk.audio.transcriptions.create(file=WAV, model="whisper", stream=True)
            first: Any = await anext(aiter(stream))
            assert first.delta == "Good morning."
            await eventually(lambda: engine.in_flight)
            await stream.close()
        await eventually(lambda: engine.cancelled)
        await eventually(used)
    assert engine.in_flight == 0
    assert not [record for record in caplog.records if record.name in ("kaleido.errors", "uvicorn.error")]


async def test_the_embedded_engine_hears_a_sentence(backends: Backends, key: str) -> None:
    """OAI-001, VP-001: the whole way: spoken, encoded, uploaded, cut, recognised."""
    speech = formant.synthesize("วันนี้เราเรียนภาษาไทย")
    samples = (speech.samples * 32767).astype("int16")
    engine = "deployments.asr.embedded.thai:EmbeddedRecognizer"
    models = await asyncio.to_thread(LocalModels.load, [ModelArgs(task="asr", name="whisper", engine=engine)])
    app = create_app(replace(backends, models=models, new_detector=SileroDetector))
    async with client_of(app, key) as sdk:
        file = ("speech.flac", encode("flac", samples, speech.sample_rate))
        heard: Any = await sdk.audio.transcriptions.create(
            file=file, model="whisper-1", response_format="verbose_json", timestamp_granularities=["word"]
        )
    models.close()
    assert {"วันนี้", "เรา", "เรียน"} <= {word.word for word in heard.words}
    assert (heard.language, heard.text) == ("th", "".join(word.word for word in heard.words))
    assert heard.duration == pytest.approx(len(samples) / speech.sample_rate, abs=0.05)
