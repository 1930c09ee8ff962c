"""Video jobs from order to file: VID-005, VID-010, VID-014..017, JOB-002..007, QUO-005, QUO-010."""

from __future__ import annotations

import asyncio
import errno
import json
import threading
from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serve_app.backends import Backends
from serve_app.core.data_url import Content
from serve_app.core.jobs import Job, JobState, uploads_folder
from serve_app.core.video.crop import Size
from serve_app.core.video.rules import VideoFields, VideoJob
from serve_app.engines import Picture, Progress, Video
from serve_app.errors import (
    IdempotencyConflict,
    InvalidRequest,
    NotFound,
    QueueFull,
    StorageFull,
    TooLarge,
    UpstreamUnreachable,
    VideoFailed,
)
from serve_app.flows.job_registry import FLOWS
from serve_app.flows.jobs.attempt import execute
from serve_app.flows.video.generation import KIND, generate_job
from serve_app.flows.video.submit import submit_video
from serve_app.media.pictures import png, read_picture
from serve_app.stores import JsonObject
from tests.conftest import eventually
from tests.fakes import FILM, ManualClock, ScriptedModels, ScriptedVideoGenerator, open_backends
from tests.photos import as_data_url, corners, encoded, quarters

TEAM = "team_a"
PHOTO = as_data_url(encoded(quarters(64, 36)))
UPRIGHT = ["red", "green", "blue", "yellow"]
STEPS = [Progress("denoising", 1, 2), Progress("denoising", 2, 2)]


@pytest.fixture
def generator() -> ScriptedVideoGenerator:
    return ScriptedVideoGenerator()


@pytest.fixture
async def backends(tmp_path: Path, generator: ScriptedVideoGenerator) -> AsyncIterator[Backends]:
    async with open_backends(tmp_path) as opened:
        models = ScriptedModels(video_generators={"ltx23-distilled": generator})
        yield replace(opened, models=models)


async def ordered(backends: Backends, key: str | None = None, url: str = PHOTO, **fields: Any) -> Job:
    asked = VideoFields(**{"prompt": "A slow zoom.", **fields})
    return await submit_video(backends, TEAM, asked, url, key)


async def stored(backends: Backends) -> list[str]:
    return [document.key for document in await backends.store.list("files")]


def on_disk(tmp_path: Path) -> list[str]:
    """Every file, a draft too."""
    return [file.name for file in (tmp_path / "files").rglob("*") if file.is_file()]


def unheard(progress: Progress) -> None:
    pass


async def generated(backends: Backends, job: Job | None = None) -> JsonObject:
    return await generate_job(backends, job or await ordered(backends), unheard)


async def attempts_at(backends: Backends, job: Job) -> list[Job]:
    """The job after each of its attempts."""
    seen: list[Job] = []
    while not seen or not seen[-1].ended:
        assert isinstance(backends.clock, ManualClock)
        backends.clock.advance(60)  # past any pause between attempts
        claimed = await backends.store.claim([KIND], lease_s=10, attempts=3, keep_s=60)
        assert claimed is not None
        await execute(backends, claimed, FLOWS[KIND])
        found = await backends.store.job(job.id)
        assert found is not None
        seen.append(found)
    return seen


async def test_an_order_is_queued_with_its_picture(backends: Backends) -> None:
    """VID-001, VID-005, VID-010: plain JSON; the seed is drawn once, the picture waits beside it."""
    first, second = await ordered(backends, seed=-1), await ordered(backends)
    assert first.state is JobState.PENDING
    assert first.payload["seed"] != second.payload["seed"]
    assert (await ordered(backends, seed=12345)).payload["seed"] == 12345
    path = f"{uploads_folder(TEAM, first.id)}image.png"
    assert (first.payload["image"], first.uploads) == (path, [path])
    found = await backends.files.find(path, team=TEAM)
    assert found.media_type == "image/png"
    assert VideoJob(**first.payload).alias == "ltx23-standard"


async def test_a_job_makes_a_video(
    backends: Backends, generator: ScriptedVideoGenerator, tmp_path: Path
) -> None:
    """VID-014, VID-017, QUO-005: progress, an MP4 of the team's, what is told of it, its seconds."""
    seen: list[Progress] = []
    job = await ordered(backends, duration=3, aspect_ratio="9:16", resolution="480p", seed=9)
    result = await generate_job(backends, job, seen.append)
    assert seen == STEPS
    assert result["path"].startswith("generations/ltx23/ltx23_av_20260301_")
    found = await backends.files.find(result["path"], team=TEAM)
    assert (found.media_type, found.location.read_bytes()) == ("video/mp4", b"".join(FILM))
    assert result["metadata"] == {
        "engine_impl": "scripted",
        "embedded": True,
        "has_audio": True,
        "width": 480,
        "height": 854,
        "duration": 3,
        "frame_rate": 24,
        "seed": 9,
        "resolution": "480p",
        "aspect_ratio": "9:16",
        "generation_ms": 1234.6,
    }
    assert await backends.limits.usage_today(TEAM, KIND) == 3.0
    asked = generator.asked[0]
    assert (asked.prompt, asked.model, asked.frames) == ("A slow zoom.", "ltx23-distilled", 72)
    assert (asked.width, asked.height, asked.seconds, asked.seed) == (480, 854, 3, 9)
    assert (asked.picture.shape, asked.picture.dtype) == ((36, 20, 3), np.uint8)
    assert corners(asked.picture) == UPRIGHT


async def test_the_engine_does_not_overrule_what_was_ordered(
    backends: Backends, generator: ScriptedVideoGenerator
) -> None:
    """VID-014: its own words are told, beside ours."""
    generator.script = [[b"film", Video({"seed": 0, "camera": "zoom"})]]
    metadata = (await generated(backends, await ordered(backends, seed=5)))["metadata"]
    assert (metadata["seed"], metadata["camera"], "engine_impl" in metadata) == (5, "zoom", False)


@pytest.mark.parametrize("items", [[], STEPS, [*STEPS, Video()], [b"", Video()], [b"half a film"]])
async def test_no_usable_video(
    backends: Backends, generator: ScriptedVideoGenerator, tmp_path: Path, items: list[Any]
) -> None:
    """VID-014: an engine that gives nothing, or no end, has failed; nothing is kept or counted."""
    job = await ordered(backends)
    generator.script = [items]
    with pytest.raises(VideoFailed):
        await generated(backends, job)
    assert on_disk(tmp_path) == ["image.png"]
    assert await backends.limits.usage_today(TEAM, KIND) == 0


async def test_usage_counts_once(backends: Backends) -> None:
    """QUO-005, QUO-010: on the day of submission, whatever attempt ends the job; each writes its own file."""
    clock = backends.clock
    assert isinstance(clock, ManualClock)
    job = await ordered(backends)
    first = await generated(backends, job)
    clock.advance(86_400)
    second = await generated(backends, replace(job, attempt=2))
    assert first["path"] != second["path"]
    assert await backends.limits.usage_today(TEAM, KIND) == 0
    clock.advance(-86_400)
    assert await backends.limits.usage_today(TEAM, KIND) == 5.0


async def test_cancelled_while_it_waits(backends: Backends, generator: ScriptedVideoGenerator) -> None:
    """VID-016: never rendered."""
    job = await ordered(backends)
    cancelled = await backends.store.cancel(job.id, keep_s=60)
    assert cancelled is not None
    assert cancelled.state is JobState.REVOKED
    assert await backends.store.claim([KIND], lease_s=10, attempts=3, keep_s=60) is None
    assert generator.asked == []


async def test_cancelled_while_it_runs(
    backends: Backends, generator: ScriptedVideoGenerator, tmp_path: Path
) -> None:
    """VID-015, VID-016: the engine is stopped, no half file is left, and the picture goes in a day."""
    generator.open.clear()
    job = await ordered(backends)
    claimed = await backends.store.claim([KIND], lease_s=10, attempts=3, keep_s=60)
    assert claimed is not None
    running = asyncio.ensure_future(execute(backends, claimed, generate_job))
    await eventually(lambda: generator.asked)
    await backends.store.cancel(job.id, keep_s=60)
    await running
    ended = await backends.store.job(job.id)
    assert ended is not None
    assert (ended.state, generator.cancelled) == (JobState.REVOKED, 1)
    assert on_disk(tmp_path) == ["image.png"]
    assert isinstance(backends.clock, ManualClock)
    backends.clock.advance(backends.settings.upload_keep_s + 1)
    with pytest.raises(NotFound):
        await backends.files.find(job.payload["image"], team=TEAM)


async def test_a_second_attempt(
    backends: Backends, generator: ScriptedVideoGenerator, tmp_path: Path
) -> None:
    """VID-015, JOB-004: waits in between, then is done; the half file of the first is gone."""
    generator.script = [[*STEPS, b"half a film", VideoFailed()]]
    seen = await attempts_at(backends, await ordered(backends))
    assert [job.state for job in seen] == [JobState.RETRY, JobState.SUCCESS]
    assert seen[0].error == "The video could not be generated."
    assert len(on_disk(tmp_path)) == 2
    first, second = generator.asked
    assert first.seed == second.seed
    assert np.array_equal(first.picture, second.picture)


async def test_what_the_engine_refuses_is_not_tried_again(
    backends: Backends, generator: ScriptedVideoGenerator
) -> None:
    """JOB-004."""
    generator.script = [[InvalidRequest("prompt: It is in no language that the model knows.")]]
    (failed,) = await attempts_at(backends, await ordered(backends))
    assert failed.state is JobState.FAILURE
    assert failed.error == "prompt: It is in no language that the model knows."


async def test_a_model_that_goes_away_fails_its_jobs_clearly(backends: Backends) -> None:
    """ERR-006, JOB-004: accepted while it lived, tried again, and told when it does not come back."""
    job = await ordered(backends)
    assert isinstance(backends.models, ScriptedModels)
    backends.models.video_generators.clear()
    seen = await attempts_at(backends, job)
    assert [job.state for job in seen] == [JobState.RETRY, JobState.RETRY, JobState.FAILURE]
    assert {job.error for job in seen} == {"The model runtime is unavailable."}


async def test_a_disk_that_fills_up(
    backends: Backends, generator: ScriptedVideoGenerator, tmp_path: Path
) -> None:
    """JOB-004, VID-014: while the video is written; tried again, told, and no half file is left."""
    full = OSError(errno.ENOSPC, "No space left on device")
    generator.script = [[*STEPS, b"half a film", full]] * 3
    seen = await attempts_at(backends, await ordered(backends))
    assert [job.state for job in seen] == [JobState.RETRY, JobState.RETRY, JobState.FAILURE]
    assert {job.error for job in seen} == {"The file could not be stored."}
    assert on_disk(tmp_path) == ["image.png"]
    assert await backends.limits.usage_today(TEAM, KIND) == 0


async def test_a_video_written_for_nothing_is_removed(
    backends: Backends, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JOB-003: the job is taken away after its file was written."""
    counting = asyncio.Event()

    async def never(*_: object, **__: object) -> float:
        counting.set()
        await asyncio.Event().wait()
        return 0.0

    monkeypatch.setattr(type(backends.limits), "record_usage", never)
    running = asyncio.ensure_future(generated(backends))
    await counting.wait()
    assert len(on_disk(tmp_path)) == 2
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert on_disk(tmp_path) == ["image.png"]


async def test_a_picture_that_is_no_longer_kept(backends: Backends) -> None:
    """JOB-006: a job that outlived it fails at once."""
    job = await ordered(backends)
    await backends.files.delete(job.payload["image"])
    (failed,) = await attempts_at(backends, job)
    assert (failed.state, failed.error) == (JobState.FAILURE, "Not found.")


async def test_the_same_key_gives_the_same_job(backends: Backends) -> None:
    """JOB-005: also when the model has gone since; another picture or field is a conflict; a refusal leaves
    no trace."""
    with pytest.raises(InvalidRequest):
        await ordered(backends, "key", duration=11)
    first = await ordered(backends, "key")
    assert isinstance(backends.models, ScriptedModels)
    backends.models.video_generators.clear()
    assert (await ordered(backends, "key")).id == first.id
    for other in ({"duration": 6}, {"url": as_data_url(encoded(quarters(64, 37)))}):
        with pytest.raises(IdempotencyConflict):
            await ordered(backends, "key", **other)
    assert len(await stored(backends)) == 1


async def test_a_full_queue(backends: Backends, tmp_path: Path) -> None:
    """JOB-007: the picture is not kept."""
    small = replace(backends, settings=backends.settings.model_copy(update={"video_max_waiting": 1}))
    await ordered(small)
    with pytest.raises(QueueFull):
        await ordered(small)
    assert on_disk(tmp_path) == ["image.png"]


async def test_no_runtime(backends: Backends, tmp_path: Path) -> None:
    """ERR-006: of this variant; told before the picture is looked at, and nothing is queued."""
    with pytest.raises(UpstreamUnreachable, match="ltx23-standard-full"):
        await ordered(backends, model="ltx23-standard-full", url="data:;base64,!")
    assert (await backends.store.backlog(KIND)).waiting == 0


async def test_no_room_for_the_picture(
    backends: Backends, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OUT-002: a 503, and nothing is queued or left."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageFull):
        await ordered(backends)
    assert (await backends.store.backlog(KIND)).waiting == 0
    assert on_disk(tmp_path) == []


async def test_pictures_of_the_team(backends: Backends, tmp_path: Path) -> None:
    """VID-005, KEY-015: by their path or signed URL; another team's looks like an absent one."""
    content = encoded(quarters(64, 36), "WEBP")
    for team, name in ((TEAM, "own"), ("team_b", "foreign")):
        path = f"generations/{name}.webp"
        await backends.files.write(path, content, team=team, media_type="image/webp", keep_s=None)
    for url in ("/uploads/generations/own.webp", "/uploads/generations/own.webp?exp=1&sig=x"):
        job = await ordered(backends, url=url)
        kept = (await backends.files.find(job.payload["image"], team=TEAM)).location.read_bytes()
        assert kept == png(np.asarray(quarters(64, 36)))
    for name in ("foreign", "absent"):
        with pytest.raises(NotFound, match=r"^image.url: The picture does not exist\.$"):
            await ordered(backends, url=f"/uploads/generations/{name}.webp")
    (tmp_path / "files/uploads/generations/own.webp").unlink()
    with pytest.raises(NotFound, match=r"^image.url: "):
        await ordered(backends, url="/uploads/generations/own.webp")


async def test_a_file_of_the_team_that_is_too_large(
    backends: Backends, monkeypatch: pytest.MonkeyPatch
) -> None:
    """VID-005, VID-006: known before it is read."""
    monkeypatch.setattr("serve_app.flows.video.source_picture.MAX_BYTES", 1000)
    await backends.files.write(
        "generations/film.mp4", bytes(1001), team=TEAM, media_type="video/mp4", keep_s=None
    )
    with pytest.raises(TooLarge, match=r"^image.url: It may have 1000 bytes\.$"):
        await ordered(backends, url="/uploads/generations/film.mp4")


async def test_pictures_are_decoded_one_at_a_time(
    backends: Backends, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OUT-002, VID-006: in one thread beside the event loop, so that many callers fill no memory."""
    threads: list[threading.Thread] = []

    def read(sent: Content, ratio: Size, *, max_pixels: int) -> Picture:
        threads.append(threading.current_thread())
        return read_picture(sent, ratio, max_pixels=max_pixels)

    monkeypatch.setattr("serve_app.flows.video.submit.read_picture", read)
    await asyncio.gather(*(ordered(backends) for _ in range(5)))
    assert (len(threads), len(set(threads))) == (5, 1)
    assert threading.main_thread() not in threads


def test_a_payload_is_plain() -> None:
    """JOB-002: what a job holds survives its way through any store."""
    order = VideoJob("p", "ltx23", "ltx23-distilled", 1280, 720, 5, "16:9", "720p", 7, "inputs/a/b/image.png")
    assert VideoJob(**json.loads(json.dumps(asdict(order)))) == order
