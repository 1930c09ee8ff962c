"""`POST /v1/audio/speech` with OpenAI's own client: RT-51, OAI-007..010, ERR-017."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import openai
import pytest
from openai import AsyncOpenAI

from serve_app.app import create_app
from serve_app.auth import Policy
from serve_app.backends import Backends
from serve_app.engines import Speech
from serve_app.errors import InvalidRequest, Saturated, SynthesisFailed
from serve_app.flows.speech.synthesis import KIND
from serve_app.flows.voices.custom_voices import CustomVoices
from serve_app.flows.voices.reference_audio import read_reference
from tests.api.live_api import serving
from tests.conftest import eventually
from tests.fakes import HUM_S, ScriptedModels, ScriptedSynthesizer, open_backends, team_with_key
from tests.recordings import encode, tone

RATE = 24_000
MODELS = ("cosytts", "f5", "vieneu_v2", "omnivoice")
TEXT = "Good morning, children. Please open your books. We begin."
PIECES = ["Good morning, children.", "Please open your books.", "We begin."]
SECONDS = sum(map(len, PIECES)) * HUM_S


@dataclass
class Live:
    """A running server, a client of it, and the engines behind."""

    backends: Backends
    sdk: AsyncOpenAI
    http: httpx.AsyncClient
    engines: dict[str, ScriptedSynthesizer]
    team: str

    async def speak(self, **fields: Any) -> bytes:
        """The whole answer."""
        asked: dict[str, Any] = {"input": TEXT, "model": "tts-1", "voice": "alloy", **fields}
        return (await self.sdk.audio.speech.create(**asked)).content

    @property
    def asked(self) -> list[Any]:
        """What all engines were asked, in order."""
        return [request for engine in self.engines.values() for request in engine.asked]


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Live]:
    engines = {name: ScriptedSynthesizer(name) for name in MODELS}
    async with open_backends(tmp_path) as opened:
        backends = replace(opened, models=ScriptedModels({}, dict(engines)))
        team, key = await team_with_key(backends, Policy(requests_per_minute=100))
        async with serving(create_app(backends)) as port:
            url = f"http://127.0.0.1:{port}"
            sdk = AsyncOpenAI(api_key=key, base_url=f"{url}/v1", max_retries=0)
            http = httpx.AsyncClient(base_url=url, headers={"x-api-key": key})
            async with sdk, http:
                yield Live(backends, sdk, http, engines, team.id)


def decoded(content: bytes) -> tuple[np.ndarray[Any, np.dtype[np.float32]], int]:
    """Samples and rate of a file."""
    with av.open(io.BytesIO(content)) as file:
        fitting = av.AudioResampler("flt", "mono", RATE)
        frames = [each for frame in file.decode(audio=0) for each in fitting.resample(frame)]
        frames += [each for each in fitting.resample(None) if each is not None]
        return np.concatenate([frame.to_ndarray()[0] for frame in frames]), file.streams.audio[0].rate


def is_the_hum(samples: np.ndarray[Any, np.dtype[np.float32]]) -> None:
    """As long as the text, and the tone that the engines make."""
    assert len(samples) / RATE == pytest.approx(SECONDS, abs=0.12)
    spectrum = np.abs(np.fft.rfft(samples))
    assert spectrum.argmax() * RATE / len(samples) == pytest.approx(440, abs=2)
    middle = samples[len(samples) // 4 : len(samples) // 2]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.1)


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("mp3", "audio/mpeg"),
        ("opus", "audio/ogg"),
        ("aac", "audio/aac"),
        ("flac", "audio/flac"),
        ("wav", "audio/wav"),
    ],
)
async def test_each_format(live: Live, form: Any, media_type: str) -> None:
    """RT-51, OAI-008: whole, decodable, at 24 kHz, and the speech; sentence by sentence with one seed."""
    answer = await live.sdk.audio.speech.create(
        input=TEXT, model="tts-1", voice="alloy", response_format=form
    )
    assert answer.response.headers["content-type"] == media_type
    samples, rate = decoded(answer.content)
    assert rate == (48_000 if form == "opus" else RATE)  # an Opus decoder always says so
    is_the_hum(samples)
    assert [request.text for request in live.asked] == PIECES
    assert len({request.seed for request in live.asked}) == 1


async def test_raw_samples(live: Live) -> None:
    """OAI-008: 16-bit, little-endian, 24 kHz."""
    is_the_hum(np.frombuffer(await live.speak(response_format="pcm"), "<i2").astype(np.float32) / 32768)


async def test_mp3_is_the_default(live: Live) -> None:
    """OAI-008."""
    answer = await live.http.post("/v1/audio/speech", json={"input": TEXT, "model": "tts-1"})
    assert answer.headers["content-type"] == "audio/mpeg"
    is_the_hum(decoded(answer.content)[0])


async def test_the_first_sentence_is_sent_while_the_second_is_spoken(live: Live) -> None:
    """OAI-007: nobody waits for a whole page."""
    engine = live.engines["cosytts"]
    engine.script = [Speech(np.zeros(22_050, np.float32), 22_050)]
    engine.open.clear()
    request = {"input": TEXT, "model": "cosytts", "response_format": "pcm"}
    async with live.http.stream("POST", "/v1/audio/speech", json=request) as answer:
        parts = answer.aiter_bytes()
        received = len(await anext(parts))
        await eventually(lambda: len(engine.asked) == 2)
        assert 0 < received <= 2 * RATE
        engine.open.set()
        received += sum([len(part) async for part in parts])
    assert received / 2 / RATE == pytest.approx(1 + sum(map(len, PIECES[1:])) * HUM_S, abs=0.01)


async def test_a_client_that_leaves_before_the_first_sound(live: Live) -> None:
    """OAI-010: what is being spoken is cancelled."""
    engine = live.engines["cosytts"]
    engine.open.clear()
    leaving = asyncio.ensure_future(live.speak())
    await eventually(lambda: engine.asked)
    leaving.cancel()
    await eventually(lambda: engine.cancelled == 1)
    assert len(engine.asked) == 1


async def test_a_client_that_leaves_in_the_middle(live: Live) -> None:
    """OAI-010, QUO-005: what is being spoken is cancelled; what was given out is counted."""
    engine = live.engines["cosytts"]
    engine.script = [Speech(np.zeros(22_050, np.float32), 22_050)]
    engine.open.clear()
    request = {"input": TEXT, "model": "cosytts"}
    async with live.http.stream("POST", "/v1/audio/speech", json=request) as answer:
        await anext(answer.aiter_bytes())
        await eventually(lambda: len(engine.asked) == 2)
    await eventually(lambda: engine.cancelled == 1)
    await eventually(lambda: _used(live))
    assert await live.backends.limits.usage_today(live.team, KIND) == 1.0
    assert len(engine.asked) == 2


async def _used(live: Live) -> bool:
    return await live.backends.limits.usage_today(live.team, KIND) > 0


async def test_usage(live: Live) -> None:
    """QUO-005: the seconds of speech, as of jobs."""
    await live.speak()
    assert await live.backends.limits.usage_today(live.team, KIND) == pytest.approx(SECONDS, abs=0.01)


async def test_events(live: Live) -> None:
    """OAI-008: the same bytes as server-sent events, and the end is told."""
    content = (
        await live.speak(stream_format="sse", response_format="flac", model="gpt-4o-mini-tts")
    ).decode()
    told = [json.loads(line.removeprefix("data: ")) for line in content.splitlines() if "data: " in line]
    assert {event["type"] for event in told[:-1]} == {"speech.audio.delta"}
    assert told[-1] == {"type": "speech.audio.done"}
    is_the_hum(decoded(b"".join(base64.b64decode(event["audio"]) for event in told[:-1]))[0])


async def test_a_failure_on_the_way(live: Live) -> None:
    """OAI-008: an event, or a connection that is cut, so that nobody takes half of it for the whole."""
    engine = live.engines["cosytts"]
    first = Speech(np.zeros(2_205, np.float32), 22_050)
    engine.script = [first, SynthesisFailed(), first, SynthesisFailed()]
    content = (await live.speak(stream_format="sse")).decode()
    assert '"type": "error"' in content.splitlines()[-2]
    assert "synthesis_failed" in content
    assert "speech.audio.done" not in content
    with pytest.raises((openai.APIConnectionError, httpx.RemoteProtocolError)):
        await live.speak()


@pytest.mark.parametrize(
    ("failure", "error", "code"),
    [
        (Saturated(), openai.RateLimitError, "saturated"),
        (InvalidRequest("speaker 'X' is not known."), openai.BadRequestError, "invalid_request"),
        (SynthesisFailed(), openai.InternalServerError, "synthesis_failed"),
    ],
)
async def test_a_failure_before_the_first_sound(
    live: Live, failure: Exception, error: type[openai.APIStatusError], code: str
) -> None:
    """OAI-008, ERR-017: has its own status, in OpenAI's form."""
    live.engines["cosytts"].script = [failure]
    with pytest.raises(error) as refusal:
        await live.speak()
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("fields", "model", "language"),
    [
        ({}, "cosytts", "en"),
        ({"model": "tts-1-hd", "input": "สวัสดีครับ"}, "f5", "th"),
        ({"model": "gpt-4o-mini-tts", "input": "Xin chào các bạn"}, "vieneu_v2", "vi"),
        ({"input": "ສະບາຍດີ"}, "omnivoice", "lo"),
        ({"input": "こんにちは"}, "cosytts", "ja"),
        ({"model": "omnivoice", "input": "こんにちは"}, "omnivoice", "ja"),
        ({"model": "vieneu_v2", "input": "Xin chao"}, "vieneu_v2", "vi"),
        ({"input": "Selamat pagi", "extra_body": {"language": "ms"}}, "omnivoice", "ms"),
        ({"model": "omnivoice", "extra_body": {"language": "vi"}}, "omnivoice", "vi"),
        ({"input": "Xin chao", "extra_body": {"language": "vi-VN"}}, "vieneu_v2", "vi"),
        ({"input": "สวัสดีครับ", "extra_body": {"language": "auto"}}, "f5", "th"),
    ],
)
async def test_models_and_languages(live: Live, fields: dict[str, Any], model: str, language: str) -> None:
    """OAI-009, VP-004: ours by name; behind OpenAI's names the language chooses, given or found by script."""
    await live.speak(**fields)
    asked = live.engines[model].asked[0]
    assert (asked.model, asked.language) == (model, language)


async def test_seed_speed_and_style(live: Live) -> None:
    """OAI-007, OAI-009, TTS-010: as asked."""
    await live.speak(speed=1.5, instructions="Warm", extra_body={"seed": 7})
    asked = live.engines["cosytts"].asked[0]
    assert (asked.seed, asked.speed, asked.instruct) == (7, 1.5, "Warm")


async def test_a_style_behind_openais_names(live: Live) -> None:
    """OAI-009: is left aside by a model that takes none, as with OpenAI; of ours it is refused."""
    await live.speak(input="สวัสดี", instructions="Warm")
    assert live.engines["f5"].asked[0].instruct == ""
    with pytest.raises(openai.BadRequestError, match="instructions"):
        await live.speak(input="สวัสดี", model="f5", instructions="Warm")


async def test_voices(live: Live) -> None:
    """OAI-009: OpenAI's are speakers of ours where the model has some; speakers go by their own names too."""
    for voice in ("onyx", "marin", "Ryan"):
        await live.speak(input="Hello.", voice=voice)
    assert [asked.speaker for asked in live.engines["cosytts"].asked] == ["Uncle_Fu", "Serena", "Ryan"]
    await live.speak(input="สวัสดี", voice="onyx")
    assert live.engines["f5"].asked[0].speaker == ""
    with pytest.raises(openai.BadRequestError, match="voice"):
        await live.speak(input="สวัสดี", voice="Ryan")


async def test_a_custom_voice(live: Live) -> None:
    """OAI-009, TTS-019, KEY-015: by its id, as OpenAI's clients send it, or its path; every piece has it."""
    reference = read_reference(io.BytesIO(encode("flac", tone(2.0))), "what it says").reference
    voice = await CustomVoices(live.backends, live.team).add("narrator", "omnivoice", "en", reference)
    for named in ({"id": voice.id}, voice.id, voice.path):
        await live.speak(voice=named)
    asked = live.engines["cosytts"].asked
    assert len(asked) == 3 * len(PIECES)
    assert {request.reference.transcript for request in asked} == {"what it says"}
    for unknown in ("cv_other", "custom_voices/team_x/narrator.wav"):
        with pytest.raises(openai.NotFoundError):
            await live.speak(voice=unknown)


@pytest.mark.parametrize(
    ("fields", "error", "told"),
    [
        ({"input": ""}, openai.BadRequestError, "input"),
        ({"input": "a" * 4097}, openai.BadRequestError, "input"),
        ({"input": "\u0301" * 10}, openai.BadRequestError, "input"),
        ({"input": "ๆ", "extra_body": {"language": "th"}}, openai.BadRequestError, "input"),
        ({"input": "សួស្តី"}, openai.BadRequestError, "input"),
        ({"input": "你好", "extra_body": {"language": "en"}}, openai.BadRequestError, "input"),
        ({"model": "tts-9"}, openai.NotFoundError, "cosytts, f5"),
        ({"speed": 4.5}, openai.BadRequestError, "speed"),
        ({"response_format": "midi"}, openai.BadRequestError, "response_format"),
        ({"voice": "../x"}, openai.BadRequestError, "voice"),
        ({"voice": 5}, openai.BadRequestError, "voice"),
        ({"extra_body": {"language": "xx"}}, openai.BadRequestError, "language"),
        ({"extra_body": {"seed": 1.0}}, openai.BadRequestError, "seed"),
        ({"model": "f5", "input": "Xin chào các bạn"}, openai.BadRequestError, "model"),
        ({"model": "qwen_viet_tts"}, openai.InternalServerError, "qwen_viet_tts"),
    ],
)
async def test_refusals(
    live: Live, fields: dict[str, Any], error: type[openai.APIStatusError], told: str
) -> None:
    """OAI-007, OAI-009, TTS-030, ERR-006, ERR-017: what the client raises names what is wrong."""
    with pytest.raises(error, match=told):
        await live.speak(**fields)


async def test_without_a_key(live: Live) -> None:
    """KEY-010, ERR-017."""
    with pytest.raises(openai.AuthenticationError):
        await live.sdk.with_options(api_key="nobody").audio.speech.create(
            input="x", model="tts-1", voice="alloy"
        )


async def test_4096_characters(live: Live) -> None:
    """OAI-007: the longest text, without a mark to cut it at."""
    live.engines["cosytts"].script = [Speech(np.full(2205, 0.1, np.float32), 22_050)] * 40
    await live.speak(input="a" * 4096, response_format="pcm")
    assert "".join(request.text for request in live.asked) == "a" * 4096
    assert all(len(request.text) <= 200 for request in live.asked)
