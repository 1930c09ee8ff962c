"""Speech jobs from order to file: TTS-010, TTS-011, TTS-016..019, TTS-025..028, JOB-005, QUO-005, QUO-010."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serve_app.backends import Backends
from serve_app.core.jobs import Job, JobState
from serve_app.core.speech.rules import SpeechFields, SpeechJob
from serve_app.engines import Progress, Speech, Transcription, Word
from serve_app.errors import (
    EngineUnavailable,
    IdempotencyConflict,
    InvalidAudio,
    InvalidRequest,
    NotFound,
    QueueFull,
    StorageFull,
    SynthesisFailed,
    UpstreamUnreachable,
)
from serve_app.flows.jobs.attempt import execute
from serve_app.flows.speech.submit import submit_speech
from serve_app.flows.speech.synthesis import KIND, speak_job
from serve_app.flows.voices.custom_voices import CustomVoices
from serve_app.flows.voices.reference_audio import RATE, read_reference
from serve_app.media.wav import wav
from serve_app.stores import JsonObject
from tests.conftest import eventually
from tests.fakes import (
    HUM_RATE,
    ManualClock,
    ScriptedModels,
    ScriptedRecognizer,
    ScriptedSynthesizer,
    open_backends,
)
from tests.recordings import encode, tone

TEAM = "team_a"
ORDER = SpeechJob("Good morning.", "en", "cosytts", 7, speaker="Ryan", instruct="Warm")
VOICE = encode("flac", tone(3.0))


@pytest.fixture
def synthesizer() -> ScriptedSynthesizer:
    return ScriptedSynthesizer()


@pytest.fixture
def recognizer() -> ScriptedRecognizer:
    return ScriptedRecognizer()


@pytest.fixture
async def backends(
    tmp_path: Path, synthesizer: ScriptedSynthesizer, recognizer: ScriptedRecognizer
) -> AsyncIterator[Backends]:
    async with open_backends(tmp_path, reference_voices=tmp_path / "voices") as opened:
        names = ("f5", "omnivoice")
        models = ScriptedModels({"typhoon": recognizer}, {"cosytts": synthesizer})
        models.synthesizers |= {name: ScriptedSynthesizer(name) for name in names}
        yield replace(opened, models=models)


async def ordered(backends: Backends, key: str | None = None, **fields: Any) -> Job:
    asked = SpeechFields(**{"text": "Good morning.", **fields})
    return await submit_speech(backends, TEAM, asked, key)


def job_of(order: SpeechJob, clock: ManualClock | None = None) -> Job:
    now = (clock or ManualClock()).now()
    return Job("a-job", KIND, TEAM, asdict(order), created_at=now, attempt=1)


async def files_of(backends: Backends) -> list[str]:
    return [document.key for document in await backends.store.list("files")]


async def read(
    backends: Backends, path: str
) -> tuple[wave._wave_params, np.ndarray[Any, np.dtype[np.int16]]]:
    """A WAV of the team."""
    found = await backends.files.find(path, team=TEAM)
    with wave.open(str(found.location)) as file:
        return file.getparams(), np.frombuffer(file.readframes(file.getnframes()), "<i2")


def unheard(progress: Progress) -> None:
    pass


async def speak(backends: Backends, order: SpeechJob = ORDER) -> JsonObject:
    return await speak_job(backends, job_of(order), unheard)


async def test_a_job_speaks(backends: Backends, synthesizer: ScriptedSynthesizer) -> None:
    """TTS-025, TTS-027, TTS-028: a WAV of the team's, and what is told of it."""
    seen: list[Progress] = []
    result = await speak_job(backends, job_of(ORDER), seen.append)
    assert seen == [Progress("synthesis", 1, 2)]
    folder, prefix, suffix = result["path"].rsplit("_", 2)[0], *result["path"].rsplit("_", 2)[1:]
    assert (folder, prefix) == ("generations/tts/tts_cosytts", "20260301")
    assert len(suffix.removesuffix(".wav")) >= 24
    params, samples = await read(backends, result["path"])
    assert (params.nchannels, params.sampwidth, params.framerate) == (1, 2, HUM_RATE)
    metadata = result["metadata"]
    assert metadata["duration"] == pytest.approx(len(samples) / HUM_RATE, abs=0.01)
    assert np.abs(samples).max() == pytest.approx(0.3 * 32768, abs=40)
    told = {"text": "Good morning.", "language": "en", "model": "cosytts", "seed": 7, "speaker": "Ryan"}
    told |= {"instruct": "Warm", "tune": "hum", "sample_rate": HUM_RATE, "synthesis_ms": 12.0}
    told |= {"engine_impl": "scripted", "embedded": True, "duration": metadata["duration"]}
    assert metadata == told
    asked = synthesizer.asked[0]
    assert (asked.text, asked.seed, asked.speaker, asked.instruct) == ("Good morning.", 7, "Ryan", "Warm")


async def test_loud_speech_is_clipped(backends: Backends, synthesizer: ScriptedSynthesizer) -> None:
    """TTS-027: what is beyond full scale does not wrap around."""
    synthesizer.script = [Speech(np.array([1.5, -1.5, 1.0, -1.0, 0.0], np.float32), 16_000)]
    _, samples = await read(backends, (await speak(backends))["path"])
    assert samples.tolist() == [32767, -32768, 32767, -32768, 0]


@pytest.mark.parametrize("samples", [[], [0.1, float("nan")], [float("inf")]])
async def test_no_usable_sound(
    backends: Backends, synthesizer: ScriptedSynthesizer, samples: list[float]
) -> None:
    """ERR-007: an engine that gives nothing, or no numbers, has failed; nothing is written or counted."""
    synthesizer.script = [Speech(np.array(samples, np.float32), 16_000)]
    with pytest.raises(SynthesisFailed):
        await speak(backends)
    assert await files_of(backends) == []
    assert await backends.limits.usage_today(TEAM, KIND) == 0


async def test_usage_counts_on_the_day_of_submission(backends: Backends) -> None:
    """QUO-005, QUO-010: once for a job, whatever attempt ends it, and however late."""
    clock = backends.clock
    assert isinstance(clock, ManualClock)
    job = job_of(ORDER, clock)
    await speak_job(backends, job, unheard)
    clock.advance(86_400)
    await speak_job(backends, replace(job, attempt=2), unheard)
    assert await backends.limits.usage_today(TEAM, KIND) == 0
    clock.advance(-86_400)
    assert await backends.limits.usage_today(TEAM, KIND) == pytest.approx(13 * 0.05, abs=0.01)


async def test_attempts_write_files_of_their_own(backends: Backends) -> None:
    """JOB-003: an attempt that no longer counts cannot change what another one wrote."""
    first, second = await speak(backends), await speak(backends)
    assert first["path"] != second["path"]


async def test_a_cancelled_job_stops_its_engine_and_leaves_no_file(
    backends: Backends, synthesizer: ScriptedSynthesizer
) -> None:
    """JOB-001: closing the call cancels it."""
    synthesizer.open.clear()
    running = asyncio.ensure_future(speak(backends))
    await eventually(lambda: synthesizer.asked)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert (synthesizer.cancelled, await files_of(backends)) == (1, [])


async def test_a_file_written_for_nothing_is_removed(
    backends: Backends, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JOB-003: the job is taken away after its file was written."""
    counting = asyncio.Event()

    async def never(*_: object, **__: object) -> float:
        counting.set()
        await asyncio.Event().wait()
        return 0.0

    monkeypatch.setattr(type(backends.limits), "record_usage", never)
    running = asyncio.ensure_future(speak(backends))
    await counting.wait()
    assert len(await files_of(backends)) == 1
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await files_of(backends) == []


async def test_an_order_is_queued_with_its_seed(backends: Backends) -> None:
    """TTS-001, TTS-010: a random seed is drawn once, so that every attempt speaks alike."""
    first, second = await ordered(backends), await ordered(backends)
    assert first.state is JobState.PENDING
    assert first.payload["seed"] != second.payload["seed"]
    assert 0 <= first.payload["seed"] < 2**31
    assert (await ordered(backends, seed=12345)).payload["seed"] == 12345


async def test_a_dispatcher_runs_what_was_ordered(backends: Backends) -> None:
    """TTS-001, JOB-001: from the queue to its end."""
    job = await ordered(backends)
    claimed = await backends.store.claim([KIND], lease_s=10, attempts=3, keep_s=60)
    assert claimed is not None
    await execute(backends, claimed, speak_job)
    done = await backends.store.job(job.id)
    assert done is not None
    assert done.state is JobState.SUCCESS
    assert done.result is not None
    assert await backends.files.find(done.result["path"], team=TEAM)


async def attempts_at(backends: Backends, job: Job) -> list[Job]:
    """The job after each of its attempts."""
    seen = []
    while not seen or not seen[-1].ended:
        assert isinstance(backends.clock, ManualClock)
        backends.clock.advance(60)  # past any pause between attempts
        claimed = await backends.store.claim([KIND], lease_s=10, attempts=3, keep_s=60)
        assert claimed is not None
        await execute(backends, claimed, speak_job)
        found = await backends.store.job(job.id)
        assert found is not None
        seen.append(found)
    return seen


async def test_a_full_disk_is_tried_again_and_then_told(
    backends: Backends, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JOB-004, TTS-026: somebody may make room in the meantime; no file, no usage, and a reason."""

    async def full(*_: object, **__: object) -> None:
        raise StorageFull

    monkeypatch.setattr(type(backends.files), "write", full)
    seen = await attempts_at(backends, await ordered(backends))
    assert [job.state for job in seen] == [JobState.RETRY, JobState.RETRY, JobState.FAILURE]
    assert {job.error for job in seen} == {"The file could not be stored."}
    assert await files_of(backends) == []
    assert await backends.limits.usage_today(TEAM, KIND) == 0


async def test_a_model_that_goes_away_fails_its_jobs_clearly(backends: Backends) -> None:
    """ERR-006, JOB-004: accepted while it lived, tried again, and told when it does not come back."""
    job = await ordered(backends)
    assert isinstance(backends.models, ScriptedModels)
    backends.models.synthesizers.clear()
    seen = await attempts_at(backends, job)
    assert [job.state for job in seen] == [JobState.RETRY, JobState.RETRY, JobState.FAILURE]
    assert {job.error for job in seen} == {"The model runtime is unavailable."}


async def test_the_same_key_gives_the_same_job(backends: Backends) -> None:
    """JOB-005: also when the model has gone since; another body is a conflict; a refusal leaves no trace."""
    with pytest.raises(InvalidRequest):
        await ordered(backends, "key", seed=2**31)
    first = await ordered(backends, "key")
    assert isinstance(backends.models, ScriptedModels)
    backends.models.synthesizers.clear()
    assert (await ordered(backends, "key")).id == first.id
    with pytest.raises(IdempotencyConflict):
        await ordered(backends, "key", text="Good evening.")


async def test_a_full_queue(backends: Backends) -> None:
    """JOB-007."""
    small = replace(backends, settings=backends.settings.model_copy(update={"tts_max_waiting": 1}))
    await ordered(small)
    with pytest.raises(QueueFull):
        await ordered(small)


async def test_no_runtime(backends: Backends) -> None:
    """ERR-006: nothing lives behind the model's name, and nothing is queued."""
    with pytest.raises(UpstreamUnreachable):
        await ordered(backends, language="vi")
    assert (await backends.store.backlog(KIND)).waiting == 0


async def test_a_runtime_without_the_language(backends: Backends, synthesizer: ScriptedSynthesizer) -> None:
    """TTS-009: said at once, and not by a job that fails."""
    synthesizer.languages = ("en",)
    with pytest.raises(InvalidRequest, match="cosytts speaks en"):
        await ordered(backends, language="ko")


def operators(tmp_path: Path, name: str = "narrator.flac", content: bytes = VOICE) -> str:
    folder = tmp_path / "voices"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return f"F5-TTS/{name}"


async def test_a_voice_of_the_operators(
    backends: Backends, tmp_path: Path, recognizer: ScriptedRecognizer
) -> None:
    """TTS-011, TTS-017: found at once, transcribed, and read again when it is spoken."""
    recognizer.script = [Transcription((Word("สวัสดี", 0, 1, 0.9), Word("ครับ", 1, 2, 0.9)), language="th")]
    path = operators(tmp_path)
    job = await ordered(backends, language="th", text="สวัสดี", f5_sample=path)
    assert (job.payload["reference"], job.payload["transcript"]) == (path, "สวัสดีครับ")
    result = await speak_job(backends, job, unheard)
    assert isinstance(backends.models, ScriptedModels)
    spoken = backends.models.synthesizers["f5"]
    assert isinstance(spoken, ScriptedSynthesizer)
    reference = spoken.asked[0].reference
    assert reference is not None
    assert (reference.sample_rate, reference.transcript) == (RATE, "สวัสดีครับ")
    assert len(reference.samples) / RATE == pytest.approx(3.0, abs=0.01)
    assert (result["metadata"]["clone_audio"], result["metadata"]["f5_thai_variant"]) == (path, "v2")


async def test_a_reference_nobody_can_transcribe(
    backends: Backends, tmp_path: Path, recognizer: ScriptedRecognizer
) -> None:
    """TTS-017: without a recogniser, or with a failing one, the text stays empty; a given one is kept."""
    path = operators(tmp_path)
    assert (await ordered(backends, clone_audio=path)).payload["transcript"] == ""
    recognizer.script = [EngineUnavailable()]
    job = await ordered(backends, language="th", text="สวัสดี", f5_sample=path)
    assert job.payload["transcript"] == ""
    assert (await ordered(backends, clone_audio=path, clone_text="hello")).payload["transcript"] == "hello"


async def test_a_voice_that_leads_out_of_the_operators_folder(backends: Backends, tmp_path: Path) -> None:
    """TTS-018: by a link too; a folder and an absent file are no voices either."""
    operators(tmp_path)
    (tmp_path / "secret.flac").write_bytes(VOICE)
    (tmp_path / "voices" / "link.flac").symlink_to(tmp_path / "secret.flac")
    (tmp_path / "voices" / "folder").mkdir()
    for name in ("link.flac", "folder", "absent.flac", "narrator.flac/x"):
        with pytest.raises(NotFound, match="voice to clone"):
            await ordered(backends, clone_audio=f"F5-TTS/{name}")


async def test_what_was_spoken_here_can_be_cloned(backends: Backends) -> None:
    """TTS-011, KEY-015: with or without the slash; another team's output looks like an absent one."""
    long = replace(ORDER, text="a" * 40)
    own = (await speak(backends, long))["path"]
    for form in (f"/uploads/{own}", f"uploads/{own}", f"/uploads/{own}?exp=1&sig=x"):
        assert (await ordered(backends, clone_audio=form)).payload["reference"] == form
    foreign = (await speak_job(backends, replace(job_of(long), team="team_b"), unheard))["path"]
    for path in (foreign, own.replace("cosytts", "f5")):
        with pytest.raises(NotFound, match="voice to clone"):
            await ordered(backends, clone_audio=f"/uploads/{path}")


async def test_a_custom_voice(backends: Backends) -> None:
    """TTS-016, TTS-019, KEY-015: by its path, with the text it was registered with; of the own team only."""
    reference = read_reference(io.BytesIO(VOICE), "what it says").reference
    voice = await CustomVoices(backends, TEAM).add("narrator", "omnivoice", "en", reference)
    job = await ordered(backends, model="omnivoice", clone_audio=voice.path)
    assert (job.payload["reference"], job.payload["transcript"]) == (voice.path, "what it says")
    other = await CustomVoices(backends, "team_b").add("narrator", "omnivoice", "en", reference)
    with pytest.raises(NotFound, match="voice to clone"):
        await ordered(backends, clone_audio=other.path)
    await CustomVoices(backends, TEAM).delete(voice)
    with pytest.raises(NotFound, match="voice to clone"):
        await speak_job(backends, job, unheard)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (encode("wav", tone(0.5)), "0.50 s"),
        (encode("flac", tone(30.5)), "longer than 30 s"),
        (encode("flac", tone(3.0, level=0.002)), "silent"),
        (b"#EXTM3U\n#EXTINF:1,\nhttp://169.254.169.254/\n", "not a readable recording"),
        (b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=audio 5004 RTP/AVP 0\r\n", "not a readable recording"),
        (b"", "not a readable recording"),
    ],
    ids=["short", "long", "silent", "playlist", "sdp", "empty"],
)
async def test_a_recording_that_will_not_do(
    backends: Backends, tmp_path: Path, content: bytes, told: str
) -> None:
    """TTS-021: told at once, before a job is accepted."""
    path = operators(tmp_path, content=content)
    with pytest.raises(InvalidRequest, match=told):
        await ordered(backends, clone_audio=path)
    assert (await backends.store.backlog(KIND)).waiting == 0


def test_what_is_silent() -> None:
    """TTS-021: quiet speech is not; -50 dBFS in no tenth of a second is."""
    assert read_reference(
        io.BytesIO(wav((tone(2.0, level=0.006, rate=16_000) / 32768).astype(np.float32), 16_000))
    )
    with pytest.raises(InvalidAudio, match="silent"):
        read_reference(
            io.BytesIO(wav((tone(2.0, level=0.004, rate=16_000) / 32768).astype(np.float32), 16_000))
        )
