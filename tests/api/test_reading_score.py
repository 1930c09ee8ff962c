"""Reading Score as callers see it: RT-04, RT-05, RS-001..012, RS-020..025, LEG-002, LEG-003."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from deployments.jobs.dispatcher import Dispatcher
from serve_app.app import create_app
from serve_app.auth import Policy
from serve_app.backends import Backends
from serve_app.core.jobs import JobState
from serve_app.errors import DecodeFailed
from serve_app.flows.job_registry import FLOWS
from serve_app.flows.reading.score import KIND
from serve_app.stores import JsonObject
from tests.fakes import ManualClock, open_backends, team_with_key
from tests.flows.reading.orders import CONFIDENCES, TEXT, EvenAligner, Listener, Pupil, said, wav_of
from tests.http.probe import code_of
from tests.recordings import CONTAINERS, encode, tone

PATH = "/api/reading-score"
LEGACY_PATH = "/api/low-latency-asr/reading-score"
ASYNC = {"prefer": "respond-async"}
SCRIPT = said("สวัสดี ครับ วันนี้ เรา จะ เรียน ภาษาไทย")
WAV = Pupil(SCRIPT, ManualClock()).wav
SHORT = wav_of(tone(0.5, rate=16_000))
Open = Callable[..., AbstractAsyncContextManager[tuple[Backends, httpx.AsyncClient]]]


@asynccontextmanager
async def opened_api(
    folder: Path, **settings: Any
) -> AsyncIterator[tuple[Backends, httpx.AsyncClient, Listener]]:
    """The app with a key, over models that hear SCRIPT; nobody runs its jobs yet."""
    settings = {"job_retry_delays_s": (0.0,), **settings}
    async with open_backends(folder, **settings) as opened:
        assert isinstance(opened.clock, ManualClock)
        pupil = Pupil(SCRIPT, opened.clock, EvenAligner([*CONFIDENCES, 0.9]))
        backends = pupil.heard_by(opened)
        _, key = await team_with_key(backends, Policy(requests_per_minute=1000))
        transport = httpx.ASGITransport(create_app(backends))
        async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as client:
            client.headers["x-api-key"] = key
            yield backends, client, pupil.recognizer


@asynccontextmanager
async def running(backends: Backends) -> AsyncIterator[None]:
    """Jobs are run until the end of the block."""
    dispatcher = Dispatcher(backends, FLOWS, {KIND: 4})
    dispatcher.start()
    try:
        yield
    finally:
        await dispatcher.drain(5)


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[tuple[Backends, httpx.AsyncClient, Listener]]:
    async with opened_api(tmp_path) as everything:
        yield everything


@pytest.fixture
def backends(opened: tuple[Backends, httpx.AsyncClient, Listener]) -> Backends:
    return opened[0]


@pytest.fixture
def client(opened: tuple[Backends, httpx.AsyncClient, Listener]) -> httpx.AsyncClient:
    return opened[1]


@pytest.fixture
def recognizer(opened: tuple[Backends, httpx.AsyncClient, Listener]) -> Listener:
    return opened[2]


async def send(
    client: httpx.AsyncClient,
    files: dict[str, bytes] | None = None,
    path: str = PATH,
    headers: dict[str, str] | None = None,
    **fields: str,
) -> httpx.Response:
    """A form; without files or fields of its own, the recording and its text."""
    sent = {name: ("reading.wav", content) for name, content in (files or {"student_audio": WAV}).items()}
    return await client.post(path, files=sent, data=fields or {"reference_text": TEXT}, headers=headers)


async def ordered(client: httpx.AsyncClient, backends: Backends, **form: Any) -> JsonObject:
    """The payload of the job that a form makes."""
    answer = await send(client, headers=ASYNC, **form)
    assert answer.status_code == 202, answer.text
    job = await backends.store.job(answer.json()["taskId"])
    assert job is not None
    return dict(job.payload)


async def test_a_score_is_the_answer(client: httpx.AsyncClient, backends: Backends) -> None:
    """RT-04, RT-05, RS-020, RS-021, RS-024, RS-025: 200 with the payload; the status holds the same, and so
    does another upload of the same."""
    async with running(backends):
        first, second = await send(client), await send(client)
        queued = (await send(client, headers=ASYNC)).json()
        done = await ended(client, queued["statusPath"])
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json() == done["result"]
    assert first.json()["success"] is True
    assert first.json()["scores"]["textAccuracy"] == 100.0
    assert done == {
        "taskId": queued["taskId"],
        "state": "SUCCESS",
        "ready": True,
        "successful": True,
        "result": first.json(),
    }


async def ended(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    """The status of a job once it has ended."""
    while not (answer := await client.get(path)).json()["ready"]:
        assert answer.status_code == 200
    return dict(answer.json())


@pytest.mark.parametrize("prefer", ["respond-async", "wait=10, Respond-Async; x=1"])
async def test_answered_at_once_on_request(client: httpx.AsyncClient, prefer: str) -> None:
    """RS-020, RS-021: JSON 6."""
    answer = await send(client, headers={"prefer": prefer})
    task = str(UUID(answer.json()["taskId"]))
    assert answer.status_code == 202
    assert answer.headers["preference-applied"] == "respond-async"
    assert answer.json() == {
        "success": True,
        "queued": True,
        "taskId": task,
        "state": "PENDING",
        "ready": False,
        "statusPath": f"{PATH}/task/{task}",
        "reportPath": f"{PATH}/task/{task}/report",
    }


async def test_a_score_that_takes_long(tmp_path: Path) -> None:
    """RS-021, RS-023, RS-024: JSON 6, and the status of a job that waits, and of one at work."""
    async with opened_api(tmp_path, reading_sync_wait_s=0.06) as (backends, client, _):
        answer = await send(client)
        assert answer.status_code == 202
        assert "preference-applied" not in answer.headers
        path, task = answer.json()["statusPath"], answer.json()["taskId"]
        waiting = {"taskId": task, "state": "PENDING", "ready": False, "successful": None}
        assert (await client.get(path)).json() == waiting
        job = await backends.store.claim([KIND], lease_s=10, attempts=3, keep_s=60)
        assert job is not None
        await backends.store.heartbeat(job, lease_s=10, progress={"stage": "alignment"})
        at_work = {**waiting, "state": "STARTED", "progress": {"stage": "alignment"}}
        assert (await client.get(path)).json() == at_work


async def test_the_legacy_paths(client: httpx.AsyncClient, backends: Backends) -> None:
    """LEG-002, LEG-003, RS-022: the status path is of the family that was used; either may be polled."""
    for upload, family in ((LEGACY_PATH, LEGACY_PATH), (f"{LEGACY_PATH}/", LEGACY_PATH), (f"{PATH}/", PATH)):
        answer = await send(client, path=upload, headers=ASYNC)
        task = answer.json()["taskId"]
        assert answer.json()["statusPath"] == f"{family}/task/{task}"
        statuses = [await client.get(f"{prefix}/task/{task}") for prefix in (PATH, LEGACY_PATH)]
        assert statuses[0].json() == statuses[1].json()
        assert [("deprecation" in status.headers) for status in statuses] == [False, True]
    async with running(backends):
        assert (await send(client, path=LEGACY_PATH)).json() == (await send(client)).json()


CANONICAL = {
    "reference_text": TEXT,
    "asr_engine": "typhoon",
    "student_id": "student_001",
    "lesson_id": "lesson_01",
    "include_pronunciation": "false",
}
SHOWN = {**CANONICAL, "include_pronunciation": False, "reference_audio": ""}


@pytest.mark.parametrize("recording", ["student_audio", "studentAudio", "audio_file"])
@pytest.mark.parametrize(
    "fields",
    [
        CANONICAL,
        {
            "referenceText": TEXT,
            "asrEngine": "typhoon",
            "studentId": "student_001",
            "lessonId": "lesson_01",
            "includePronunciation": "false",
        },
        {
            **CANONICAL,
            "referenceText": "อื่น",
            "studentId": "another",
            "lessonId": "another",
            "asrEngine": "whisper",
            "includePronunciation": "true",
        },
        {**CANONICAL, "scoring_options": '{"include_pronunciation": true, "asr_engine": "whisper"}'},
        {
            "reference_text": TEXT,
            "student_id": "student_001",
            "lesson_id": "lesson_01",
            "scoringOptions": '{"include_pronunciation": false, "asr_engine": "typhoon", "more": 1}',
        },
    ],
    ids=["canonical", "aliases", "both", "fields before options", "options"],
)
async def test_spellings_of_the_form(
    client: httpx.AsyncClient, backends: Backends, recording: str, fields: dict[str, str]
) -> None:
    """RS-001, RS-002, RS-005..010, LEG-006: aliases; canonical names, then top-level fields win."""
    payload = await ordered(client, backends, files={recording: WAV}, **fields)
    stored = await backends.files.find(payload.pop("student_audio"), team=await team_of(client, backends))
    assert payload == SHOWN
    assert stored.location.read_bytes() == WAV
    assert stored.path.startswith("inputs/")


async def team_of(client: httpx.AsyncClient, backends: Backends) -> str:
    return (await backends.keys.authenticate(client.headers["x-api-key"])).team_id


async def test_the_canonical_recording_wins(client: httpx.AsyncClient, backends: Backends) -> None:
    """RS-010."""
    files = {"audio_file": SHORT, "studentAudio": SHORT, "student_audio": WAV}
    payload = await ordered(client, backends, files=files, reference_text=TEXT)
    stored = await backends.files.find(payload["student_audio"], team=None)
    assert stored.size == len(WAV)


async def test_defaults(client: httpx.AsyncClient, backends: Backends) -> None:
    """RS-004..008: what is blank is not given."""
    blank = dict.fromkeys(["language", "asr_engine", "student_id", "scoring_options", "lessonId"], " ")
    for fields in ({}, blank):
        payload = await ordered(client, backends, reference_text=TEXT, **fields)
        assert (payload["asr_engine"], payload["include_pronunciation"]) == ("typhoon", True)
        assert (payload["student_id"], payload["lesson_id"]) == (None, None)


@pytest.mark.parametrize("language", ["th", "TH", "tha", "thai", "th-TH", "th_TH", "ไทย", "auto"])
async def test_spellings_of_thai(client: httpx.AsyncClient, language: str) -> None:
    """RS-004."""
    assert (await send(client, headers=ASYNC, reference_text=TEXT, language=language)).status_code == 202


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        *((spelt, True) for spelt in ("true", "1", "YES", "on")),
        *((spelt, False) for spelt in ("False", "0", "no", "OFF")),
    ],
)
@pytest.mark.parametrize("option", [False, True])
async def test_spellings_of_a_boolean(
    client: httpx.AsyncClient, backends: Backends, value: str, meaning: bool, option: bool
) -> None:
    """RS-007, RS-008: as a field and in the options."""
    spelt = {"include_pronunciation": value}
    fields = {"scoring_options": json.dumps(spelt)} if option else spelt
    payload = await ordered(client, backends, reference_text=TEXT, **fields)
    assert payload["include_pronunciation"] is meaning


async def test_a_reference_recording(client: httpx.AsyncClient, backends: Backends) -> None:
    """RS-003, RS-011: it is kept when there is no text, or a blank one; a text makes it useless."""
    both = {"student_audio": WAV, "reference_audio": SHORT}
    payload = await ordered(client, backends, files=both, reference_text=TEXT)
    assert (payload["reference_text"], payload["reference_audio"]) == (TEXT, "")
    for fields in ({"reference_text": " \u200b.,!"}, {"student_id": "1"}):
        for name in ("reference_audio", "referenceAudio"):
            files = {"student_audio": WAV, name: SHORT}
            payload = await ordered(client, backends, files=files, **fields)
            assert payload["reference_text"] == ""
            assert (await backends.files.find(payload["reference_audio"], team=None)).size == len(SHORT)


@pytest.mark.parametrize(
    ("named", "fields"),
    [
        ("language", {"language": "en"}),
        ("language", {"language": "english"}),
        ("asr_engine", {"asr_engine": "siri"}),
        ("asr_engine", {"asrEngine": "embedded"}),
        ("asr_engine", {"scoring_options": '{"asr_engine": ["whisper"]}'}),
        ("scoring_options", {"scoring_options": "{"}),
        ("scoring_options", {"scoring_options": "[]"}),
        ("scoring_options", {"scoringOptions": "null"}),
        ("scoring_options", {"scoring_options": "[" * 100_000}),
        ("include_pronunciation", {"include_pronunciation": "maybe"}),
        ("include_pronunciation", {"scoring_options": '{"include_pronunciation": 2}'}),
        ("include_pronunciation", {"scoring_options": '{"include_pronunciation": {}}'}),
        ("reference_text", {"reference_text": " \u200b.,! "}),
        ("reference_text", {"reference_text": ""}),
        ("reference_text", {"reference_text": "ก" * 5001}),
        ("student_id", {"student_id": "x" * 201}),
        ("lessonId", {"lessonId": "x" * 201}),
    ],
)
async def test_invalid_fields(client: httpx.AsyncClient, named: str, fields: dict[str, str]) -> None:
    """RS-002..011, ERR-010: a 400 that names the field."""
    answer = await send(client, **{"reference_text": TEXT, **fields})
    assert (answer.status_code, code_of(answer)) == (400, "invalid_request")
    assert answer.json()["error"].startswith(f"{named}: ")


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"reference_audio": SHORT}, "invalid_request"),
        ({"student_audio": b""}, "invalid_audio"),
        ({"student_audio": b"no recording at all"}, "invalid_audio"),
        ({"student_audio": WAV[:40]}, "invalid_audio"),
    ],
)
async def test_no_recording(client: httpx.AsyncClient, files: dict[str, bytes], code: str) -> None:
    """RS-001, RS-012: missing, empty, undecodable."""
    answer = await send(client, files=files)
    assert (answer.status_code, code_of(answer)) == (400, code)
    assert answer.json()["error"].startswith("student_audio: ")


async def test_no_form(client: httpx.AsyncClient) -> None:
    """RS-001, ERR-010: JSON, and a text where a file belongs."""
    answer = await client.post(PATH, json={"reference_text": TEXT})
    assert (answer.status_code, "student_audio" in answer.json()["error"]) == (400, True)
    answer = await client.post(PATH, data={"student_audio": "text", "reference_text": TEXT})
    assert (answer.status_code, "student_audio" in answer.json()["error"]) == (400, True)


@pytest.mark.parametrize("kind", CONTAINERS)
async def test_every_container(tmp_path: Path, kind: str) -> None:
    """RS-012: what a browser, a telephone or an editor writes is read to its end."""
    async with opened_api(tmp_path) as (backends, client, _), running(backends):
        answer = await send(client, files={"student_audio": encode(kind, tone(1.0))})
    assert answer.status_code == 200, answer.text
    assert answer.json()["student"]["meta"]["audioDuration"] == pytest.approx(1.0, abs=0.1)


async def test_too_large(tmp_path: Path) -> None:
    """RS-012, ERR-012: a recording over the limit, or a form that announces too much."""
    async with opened_api(tmp_path, reading_max_bytes=len(SHORT)) as (_, client, _):
        assert (await send(client, files={"student_audio": SHORT}, headers=ASYNC)).status_code == 202
        answer = await send(client, files={"student_audio": SHORT + b"0"})
        assert (answer.status_code, code_of(answer)) == (413, "too_large")
        answer = await send(client, files={"student_audio": WAV})
        assert (answer.status_code, code_of(answer)) == (413, "too_large")


async def test_too_long(tmp_path: Path) -> None:
    """RS-012, RS-024, JOB-004: found while the caller waits, it is a 400; the job has failed."""
    async with opened_api(tmp_path, reading_max_audio_s=5.0) as (backends, client, _), running(backends):
        answer = await send(client)
        assert (answer.status_code, code_of(answer)) == (400, "audio_too_long")
        queued = (await send(client, headers=ASYNC)).json()
        failed = await ended(client, queued["statusPath"])
    error = "student_audio: The recording is longer than 5 s."
    assert answer.json()["error"] == error
    expected = {"taskId": queued["taskId"], "state": "FAILURE", "ready": True, "successful": False}
    assert failed == {**expected, "error": error}


async def test_the_recogniser_is_away(
    client: httpx.AsyncClient, backends: Backends, recognizer: Listener
) -> None:
    """ERR-005: 503 at once when it does not live, and after all attempts when it fails; never a score."""
    answer = await send(client, reference_text=TEXT, asr_engine="whisper")
    assert (answer.status_code, code_of(answer)) == (503, "engine_unavailable")
    recognizer.failures = [DecodeFailed()] * 30
    async with running(backends):
        answer = await send(client)
    assert (answer.status_code, code_of(answer)) == (503, "service_unavailable")
    assert "retry-after" in answer.headers


async def test_a_recogniser_that_recovers(
    client: httpx.AsyncClient, backends: Backends, recognizer: Listener
) -> None:
    """JOB-004: another attempt while the caller waits."""
    recognizer.failures = [DecodeFailed()]
    async with running(backends):
        answer = await send(client)
    assert (answer.status_code, answer.json()["scores"]["textAccuracy"]) == (200, 100.0)


async def test_a_request_that_is_repeated(client: httpx.AsyncClient, backends: Backends) -> None:
    """JOB-005: the same form gives the same job, also once it is done; another recording is a conflict."""
    headers = {**ASYNC, "idempotency-key": "a-key"}
    first = await send(client, headers=headers)
    assert (await send(client, headers=headers)).json() == first.json()
    for other in ({"files": {"student_audio": SHORT}}, {"reference_text": TEXT, "student_id": "2"}):
        answer = await send(client, headers=headers, **other)
        assert (answer.status_code, code_of(answer)) == (409, "idempotency_conflict")
    async with running(backends):
        done = await send(client, headers={"idempotency-key": "a-key"})
    assert (done.status_code, done.json()["success"]) == (200, True)
    assert len(await backends.store.list("files")) == 1


async def test_too_many_readings(tmp_path: Path) -> None:
    """JOB-007: 503, and the recording is not kept."""
    async with opened_api(tmp_path, reading_max_waiting=1) as (backends, client, _):
        assert (await send(client, headers=ASYNC)).status_code == 202
        answer = await send(client, headers=ASYNC)
        assert (answer.status_code, code_of(answer)) == (503, "queue_full")
        assert len(await backends.store.list("files")) == 1


async def test_ids_of_nobody_and_of_others(client: httpx.AsyncClient, backends: Backends) -> None:
    """KEY-015, ERR-011: unknown, foreign and malformed ids look alike; so do recordings."""
    queued = (await send(client, headers=ASYNC)).json()
    _, foreign = await team_with_key(backends)
    paths = [f"{PATH}/task/{UUID(int=1)}", f"{PATH}/task/x", f"{PATH}/task/%00", f"{LEGACY_PATH}/task/x"]
    job = await backends.store.job(queued["taskId"])
    assert job is not None
    paths.append(f"/uploads/{job.payload['student_audio']}")
    for path, key in [
        *((path, client.headers["x-api-key"]) for path in paths),
        (queued["statusPath"], foreign),
    ]:
        answer = await client.get(path, headers={"x-api-key": key})
        assert (answer.status_code, code_of(answer)) == (404, "not_found"), path
    assert job.state is JobState.PENDING


async def test_keys_and_buckets(client: httpx.AsyncClient, backends: Backends) -> None:
    """KEY-007, KEY-010, QUO-011, ERR-014: no key, no reading; polling has a bucket of its own."""
    _, key = await team_with_key(backends, Policy(requests_per_minute=1))
    del client.headers["x-api-key"]
    assert (await send(client)).status_code == 401
    client.headers["authorization"] = f"Bearer {key}"
    queued = (await send(client, headers=ASYNC)).json()
    polls = [(await client.get(queued["statusPath"])).status_code for _ in range(11)]
    assert polls == [200] * 10 + [429]
    assert (await send(client, headers=ASYNC)).status_code == 429
