"""Text to speech as callers see it: RT-08..10, RT-49, RT-50, TTS-001..028."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serve_app.api.tts.requests import SpeechBody
from serve_app.app import create_app
from serve_app.auth import Policy
from serve_app.backends import Backends
from serve_app.engines import Transcription, Word
from serve_app.errors import InvalidRequest, SynthesisFailed
from serve_app.flows.jobs.attempt import execute
from serve_app.flows.speech.synthesis import KIND, speak_job
from serve_app.flows.voices.custom_voices import MAX_BYTES
from tests.fakes import (
    ManualClock,
    ScriptedModels,
    ScriptedRecognizer,
    ScriptedSynthesizer,
    open_backends,
    team_with_key,
)
from tests.http.probe import code_of
from tests.recordings import encode, holed, tone

SPEECH = "/api/tts/v1/audio/speech"
VOICES = "/api/tts/v1/custom-voices"
HELLO = {"text": "Hello from the TTS API.", "language": "en", "model": "cosytts", "seed": 12345}
RECORDING = {"audio_file": ("My voice.flac", encode("flac", tone(3.0)))}


@pytest.fixture
def synthesizer() -> ScriptedSynthesizer:
    return ScriptedSynthesizer()


@pytest.fixture
async def backends(tmp_path: Path, synthesizer: ScriptedSynthesizer) -> AsyncIterator[Backends]:
    async with open_backends(tmp_path) as opened:
        heard = Transcription((Word("สวัสดี", 0, 1, 0.9),), language="th")
        synthesizers = {"cosytts": synthesizer, "f5": ScriptedSynthesizer("f5")}
        models = ScriptedModels({"typhoon": ScriptedRecognizer([heard])}, dict(synthesizers))
        yield replace(opened, models=models)


@pytest.fixture
async def key(backends: Backends) -> str:
    _, raw = await team_with_key(backends, Policy(requests_per_minute=1000))
    return raw


async def start(signed: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await signed.post(SPEECH, json={**HELLO, **fields})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def look(signed: httpx.AsyncClient, started: dict[str, Any]) -> dict[str, Any]:
    answer = await signed.get(started["statusPath"])
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def run(backends: Backends) -> None:
    """What a dispatcher does with the next job."""
    claimed = await backends.store.claim([KIND], lease_s=10, attempts=3, keep_s=60)
    assert claimed is not None
    await execute(backends, claimed, speak_job)


async def test_from_text_to_wav(signed: httpx.AsyncClient, backends: Backends, clock: ManualClock) -> None:
    """RT-09, RT-10, RT-42, TTS-001, TTS-022..028: JSON 10 and 11, and the file behind the URL."""
    started = await start(signed)
    task = str(UUID(started["taskId"]))
    assert started == {
        "success": True,
        "taskId": task,
        "message": "TTS generation task started with COSYTTS",
        "statusPath": f"{SPEECH}/{task}",
    }
    waiting = await look(signed, started)
    when = {"createdAt": "2026-03-01T12:00:00.000Z", "startedAt": None, "endedAt": None}
    assert waiting == {"taskId": task, "state": "PENDING", "ready": False, "successful": None, **when}
    clock.advance(1.5)
    await run(backends)
    done = await look(signed, started)
    result = done.pop("result")
    when |= {"startedAt": "2026-03-01T12:00:01.500Z", "endedAt": "2026-03-01T12:00:01.500Z"}
    assert done == {"taskId": task, "state": "SUCCESS", "ready": True, "successful": True, **when}
    assert set(result) == {"success", "url", "metadata"}
    assert result["metadata"].items() >= HELLO.items()
    assert result["metadata"]["embedded"] is True
    assert result["url"].startswith("/uploads/generations/tts/tts_cosytts_20260301_")
    audio = await signed.get(result["url"])
    assert audio.headers["content-type"] == "audio/wav"
    with wave.open(io.BytesIO(audio.content)) as file:
        seconds = file.getnframes() / file.getframerate()
    assert result["metadata"]["duration"] == pytest.approx(seconds, abs=0.01)


async def test_a_signed_url(tmp_path: Path, synthesizer: ScriptedSynthesizer) -> None:
    """TTS-023, OUT-001: made anew with each look, where the settings give URLs a lifetime."""
    async with open_backends(tmp_path, output_url_lifetime_s=60.0) as opened:
        backends = replace(opened, models=ScriptedModels({}, {"cosytts": synthesizer}))
        _, key = await team_with_key(backends)
        transport = httpx.ASGITransport(create_app(backends))
        async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as client:
            client.headers["x-api-key"] = key
            started = await start(client)
            await run(backends)
            url = (await look(client, started))["result"]["url"]
            del client.headers["x-api-key"]
            assert (await client.get(url)).status_code == 200


async def test_progress(signed: httpx.AsyncClient, backends: Backends) -> None:
    """TTS-023, TTS-024: shown while a job runs."""
    started = await start(signed)
    claimed = await backends.store.claim([KIND], lease_s=10, attempts=3, keep_s=60)
    assert claimed is not None
    assert "progress" not in await look(signed, started)
    await backends.store.heartbeat(claimed, lease_s=10, progress={"stage": "synthesis", "percent": 50.0})
    shown = await look(signed, started)
    assert (shown["state"], shown["ready"]) == ("STARTED", False)
    assert shown["progress"] == {"stage": "synthesis", "percent": 50.0}
    await backends.store.retry(claimed, error="x", delay_s=1)
    assert (await look(signed, started))["state"] == "RETRY"


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (InvalidRequest("speaker 'X' is not known."), "TTS generation failed: speaker 'X' is not known."),
        (SynthesisFailed(), "TTS generation failed: The text could not be spoken."),
        (ValueError("/secret/path"), "TTS generation failed: Something went wrong on our side."),
    ],
)
async def test_a_failed_job(
    signed: httpx.AsyncClient,
    backends: Backends,
    clock: ManualClock,
    synthesizer: ScriptedSynthesizer,
    failure: Exception,
    told: str,
) -> None:
    """TTS-026, JOB-004, ERR-020: JSON 12, after all attempts, or one when the request is to blame."""
    synthesizer.script = [failure] * 3
    started = await start(signed)
    for _ in range(1 if isinstance(failure, InvalidRequest) else 3):
        await run(backends)
        clock.advance(10)
    failed = await look(signed, started)
    assert (failed["state"], failed["ready"], failed["successful"]) == ("FAILURE", True, False)
    assert failed["error"] == told
    assert "result" not in failed


async def test_cancelling(signed: httpx.AsyncClient) -> None:
    """RT-49, JOB-001: idempotent; answers how the job stands."""
    started = await start(signed)
    for _ in range(2):
        answer = await signed.delete(started["statusPath"])
        assert (answer.status_code, answer.json()["state"]) == (200, "REVOKED")
        assert (answer.json()["ready"], answer.json()["successful"]) == (True, False)
    assert (await look(signed, started))["error"] == "TTS generation was cancelled."


async def test_cancelling_what_is_done(signed: httpx.AsyncClient, backends: Backends) -> None:
    """JOB-001: it stays done."""
    started = await start(signed)
    await run(backends)
    assert (await signed.delete(started["statusPath"])).json()["state"] == "SUCCESS"


async def test_ids_of_nobody_and_of_others(signed: httpx.AsyncClient, backends: Backends) -> None:
    """KEY-015, ERR-011: unknown, foreign and malformed ids look alike."""
    started = await start(signed)
    _, foreign = await team_with_key(backends)
    paths = [f"{SPEECH}/{UUID(int=1)}", f"{SPEECH}/x", f"{SPEECH}/%00", f"{VOICES}/cv_x"]
    for method, path, key in [
        *(("GET", path, signed.headers["x-api-key"]) for path in paths[:3]),
        *(("DELETE", path, signed.headers["x-api-key"]) for path in paths),
        ("GET", started["statusPath"], foreign),
        ("DELETE", started["statusPath"], foreign),
    ]:
        answer = await signed.request(method, path, headers={"x-api-key": key})
        assert (answer.status_code, code_of(answer)) == (404, "not_found"), path
    assert (await look(signed, started))["state"] == "PENDING"


async def test_polling_has_a_bucket_of_its_own(client: httpx.AsyncClient, backends: Backends) -> None:
    """QUO-011."""
    _, key = await team_with_key(backends, Policy(requests_per_minute=1))
    client.headers["x-api-key"] = key
    started = await start(client)
    assert [(await client.get(started["statusPath"])).status_code for _ in range(11)] == [200] * 10 + [429]
    assert (await client.delete(started["statusPath"])).status_code == 429


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"text": None}, "text"),
        ({"text": 5}, "text"),
        ({"text": "ก" * 201}, "text"),
        ({"text": "\u0301" * 200}, "text"),
        ({"text": "ๆ", "language": "th"}, "text"),
        ({"text": "你好"}, "text"),
        ({"model": "omnivoice", "clone_audio": "custom_voices/a/b.wav", "clone_text": "ๆ"}, "clone_text"),
        ({"seed": True}, "seed"),
        ({"seed": 1.0}, "seed"),
        ({"seed": "1"}, "seed"),
        ({"seed": 2147483648}, "seed"),
        ({"seed": 10**400}, "seed"),
        ({"language": "vi", "model": "f5"}, "model"),
        ({"language": "lo"}, "model"),
        ({"language": ["en"]}, "language"),
        ({"clone_audio": "http://example.com/a.wav"}, "clone_audio"),
        ({"clone_audio": "../../etc/passwd"}, "clone_audio"),
        ({"model": "omnivoice", "clone_audio": "custom_voices/a/b.wav", "instruct": "female"}, "instruct"),
        ({"model": "omnivoice", "instruct": "Warm, clear narration"}, "instruct"),
    ],
)
async def test_invalid_requests(signed: httpx.AsyncClient, fields: dict[str, Any], named: str) -> None:
    """GT-11, ERR-002, TTS-002..018, TTS-030: a 400 that names the field, before there is a job."""
    answer = await signed.post(SPEECH, json={**HELLO, **fields})
    assert (answer.status_code, code_of(answer)) == (400, "invalid_request")
    assert named in answer.json()["error"]


async def test_a_body_without_a_text(signed: httpx.AsyncClient) -> None:
    """ERR-002, ERR-013: missing text; no JSON at all."""
    answer = await signed.post(SPEECH, json={"language": "en"})
    assert (answer.status_code, "text" in answer.json()["error"]) == (400, True)
    answer = await signed.post(SPEECH, content=b"text=hello", headers={"content-type": "text/plain"})
    assert answer.status_code == 415


async def test_blank_and_null_fields(signed: httpx.AsyncClient) -> None:
    """TTS-003, TTS-004, TTS-010: are fields not given, as dashboards send them."""
    fields = dict.fromkeys(["language", "model", "seed", "speaker", "clone_audio", "f5_sample"])
    assert "COSYTTS" in (await start(signed, **fields))["message"]
    blank = dict.fromkeys(["language", "model", "speaker", "instruct", "clone_audio", "clone_text"], " ")
    assert "COSYTTS" in (await start(signed, **blank))["message"]


async def test_no_runtime(signed: httpx.AsyncClient) -> None:
    """ERR-006: 502, and in the documented form."""
    answer = await signed.post(SPEECH, json={"text": "Xin chào", "language": "vi"})
    assert (answer.status_code, code_of(answer)) == (502, "upstream_unreachable")


async def test_without_a_key(client: httpx.AsyncClient) -> None:
    """ERR-001, KEY-010: on every route, before the body is read."""
    for method, path in [
        ("POST", SPEECH),
        ("GET", f"{SPEECH}/x"),
        ("DELETE", f"{SPEECH}/x"),
        ("POST", VOICES),
        ("GET", VOICES),
        ("DELETE", f"{VOICES}/x"),
    ]:
        assert (await client.request(method, path)).status_code == 401


async def test_idempotency_keys(signed: httpx.AsyncClient) -> None:
    """JOB-005: the same answer and the same job; another body is a 409; a malformed key a 400."""
    key = {"idempotency-key": "lesson-1"}
    first = await signed.post(SPEECH, json=HELLO, headers=key)
    again = await signed.post(SPEECH, json=dict(reversed(HELLO.items())), headers=key)
    assert (again.status_code, again.json()) == (200, first.json())
    other = await signed.post(SPEECH, json={**HELLO, "seed": 1}, headers=key)
    assert (other.status_code, code_of(other)) == (409, "idempotency_conflict")
    wrong = await signed.post(SPEECH, json=HELLO, headers={"idempotency-key": "x" * 256})
    assert wrong.status_code == 400


async def test_a_custom_voice(signed: httpx.AsyncClient, backends: Backends) -> None:
    """RT-08, RT-50, TTS-020, TTS-016: JSON 9; the path works exactly as it was returned."""
    form = {"name": "thai_flashcard_female", "model": "f5", "language": "th"}
    answer = await signed.post(VOICES, files=RECORDING, data=form)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    path = body["clone_audio"]
    assert path.startswith("custom_voices/")
    assert path.endswith("/thai_flashcard_female.wav")
    created = {"duration": 3.0, "createdAt": "2026-03-01T12:00:00.000Z"}
    voice = {"id": "cv_thai_flashcard_female", "audioPath": path, "transcript": "สวัสดี", **form, **created}
    request = {"f5_sample": path, "clone_text": "สวัสดี"}
    whole = {
        "success": True,
        "voice": voice,
        "clone_audio": path,
        "clone_text": "สวัสดี",
        "ttsRequest": request,
    }
    assert body == whole
    assert (await signed.get(VOICES)).json() == {"success": True, "voices": [voice]}
    started = await start(signed, text="สวัสดีครับ", language="th", model="f5", **request)
    await run(backends)
    assert (await look(signed, started))["result"]["metadata"]["clone_audio"] == path
    gone = await signed.delete(f"{VOICES}/{voice['id']}")
    assert (gone.status_code, gone.json()) == (200, {"success": True, "id": voice["id"]})
    answer = await signed.post(SPEECH, json={"text": "สวัสดี", "language": "th", **request})
    assert (answer.status_code, code_of(answer)) == (404, "not_found")


async def test_a_damaged_recording_of_a_voice(signed: httpx.AsyncClient) -> None:
    """VP-006, TTS-021: what can be decoded is kept if it is long enough, and the voice tells of the rest."""
    damaged = holed(encode("m4a", tone(10.0)))
    answer = await signed.post(VOICES, files={"audio_file": ("x.m4a", damaged)}, data={"name": "x"})
    voice = answer.json()["voice"]
    assert voice["damage"]["seconds"] > 0
    assert (await signed.get(VOICES)).json()["voices"] == [voice]
    short = encode("flac", tone(1.5))
    cut = await signed.post(VOICES, files={"audio_file": ("y.flac", short[: len(short) // 2])})
    assert (cut.status_code, code_of(cut)) == (400, "invalid_audio")


async def test_a_voice_nobody_transcribes(signed: httpx.AsyncClient) -> None:
    """TTS-017, TTS-020: says so; all other fields have defaults, and the name is the file's."""
    body = (await signed.post(VOICES, files=RECORDING)).json()
    assert (body["voice"]["name"], body["voice"]["model"]) == ("My_voice", "omnivoice")
    assert (body["voice"]["language"], body["clone_text"]) == ("en", "")
    assert "transcript is empty" in body["note"]
    assert body["ttsRequest"] == {"clone_audio": body["clone_audio"], "clone_text": ""}


@pytest.mark.parametrize(
    ("fields", "language"),
    [({"language": "th_TH"}, "th"), ({"language": "auto", "transcript": "ສະບາຍດີ"}, "lo")],
)
async def test_the_language_of_a_voice(
    signed: httpx.AsyncClient, fields: dict[str, str], language: str
) -> None:
    """VP-004, TTS-020: by any spelling, or found by the script of the transcript."""
    answer = await signed.post(VOICES, files=RECORDING, data=fields)
    assert answer.json()["voice"]["language"] == language
    unheard = await signed.post(VOICES, files=RECORDING, data={"language": "auto", "name": "other"})
    assert (unheard.status_code, "transcript" in unheard.json()["error"]) == (400, True)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"#EXTM3U\nhttp://169.254.169.254/\n", "invalid_audio"),
        (b"v=0\r\nm=audio 5004 RTP/AVP 0\r\n", "invalid_audio"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "invalid_audio"),
        (encode("flac", tone(31)), "audio_too_long"),
    ],
)
async def test_files_that_are_no_voices(signed: httpx.AsyncClient, content: bytes, code: str) -> None:
    """TTS-021, OUT-002: a clear 400 at once."""
    answer = await signed.post(VOICES, files={"audio_file": ("x.wav", content)}, data={"name": "x"})
    assert (answer.status_code, code_of(answer)) == (400, code)


async def test_voices_of_a_form_that_will_not_do(signed: httpx.AsyncClient) -> None:
    """TTS-021, KEY-015, ERR-010: taken names, both sources, none, an http URL, a text for a file."""
    assert (await signed.post(VOICES, files=RECORDING)).status_code == 200
    taken = await signed.post(VOICES, files=RECORDING)
    assert (taken.status_code, code_of(taken)) == (409, "conflict")
    assert "My_voice" in taken.json()["error"]
    url = {"audio_url": "https://example.com/a.wav"}
    assert (await signed.post(VOICES, files=RECORDING, data=url)).status_code == 400
    assert (await signed.post(VOICES, data={"name": "x"})).status_code == 400
    plain = await signed.post(VOICES, data={"audio_url": "http://example.com/a.wav", "name": "x"})
    assert (plain.status_code, code_of(plain)) == (400, "unsafe_url")
    assert (await signed.post(VOICES, data={"audio_file": "text", "name": "x"})).status_code == 400


async def test_an_unknown_speaker_is_told_at_once(
    signed: httpx.AsyncClient, synthesizer: ScriptedSynthesizer
) -> None:
    """TTS-014, ERR-002: a 400 that names those there are, whatever the case of a name; no job that fails."""
    synthesizer.speakers = ("Ryan", "Vivian")
    refused = await signed.post(SPEECH, json={**HELLO, "speaker": "Nobody"})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_request")
    assert refused.json()["error"] == "cosytts has no speaker 'Nobody'; it has Ryan, Vivian."
    await start(signed, speaker="RYAN")


async def test_a_voice_too_large_is_refused_before_it_is_read(signed: httpx.AsyncClient) -> None:
    """TTS-021, ERR-012: announced, nothing of it is read; not announced, it is counted."""
    read: list[bool] = []

    async def body() -> AsyncIterator[bytes]:
        read.append(True)
        yield b"x"

    head = {"content-type": "multipart/form-data; boundary=x", "content-length": str(MAX_BYTES + 100_000)}
    answer = await signed.post(VOICES, content=body(), headers=head)
    assert (answer.status_code, code_of(answer), read) == (413, "too_large", [])
    large = {"audio_file": ("x.wav", b"x" * (MAX_BYTES + 1))}
    assert (await signed.post(VOICES, files=large, data={"name": "x"})).status_code == 413


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)
WORDS = [
    "hello",
    "th",
    "en",
    "f5",
    "cosytts",
    "v1",
    "Ryan",
    "F5-TTS/x",
    "custom_voices/a/b.wav",
    "cv_x",
    "tts-1",
]
NAMES = [*SpeechBody.model_fields, "input", "voice", "response_format", "speed", "stream_format"]
bodies = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(WORDS) | JSON, max_size=6)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=bodies)
async def test_any_body_is_answered_in_form(
    client: httpx.AsyncClient, backends: Backends, body: dict[str, Any]
) -> None:
    """ERR-002, ERR-006, ERR-016, ERR-017: a job, speech, or a documented refusal, on both routes."""
    _, key = await team_with_key(backends)
    client.headers["x-api-key"] = key
    for path in (SPEECH, "/v1/audio/speech"):
        answer = await client.post(
            path, content=json.dumps(body), headers={"content-type": "application/json"}
        )
        assert answer.status_code in (200, 400, 404, 502), (body, answer.text)
        if answer.is_error:
            assert "error" in answer.json()
