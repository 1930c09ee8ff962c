"""A replica of a video model: one video at a time, handed over in parts, and nothing left behind."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deployments.serving.tracked_call import Report
from deployments.video.embedded.engine import EmbeddedRenderer
from deployments.video.replica import PART_BYTES, VideoReplica
from serve_app.engines import Progress, Video, VideoRequest
from serve_app.errors import InvalidRequest, KaleidoError, StorageFull, VideoFailed
from tests.conftest import eventually
from tests.engines.video.films import open_files
from tests.engines.video.tiny_video import STEPS, TinyRenderer, film
from tests.stores.test_disk import disk_of

NAMES = ["ltx23-distilled", "ltx23-full"]
LONG = "sea " * 10_000
"""Its film has several parts."""
BROKEN = "break"
"""A prompt on which the engine fails with its work almost done."""


class NotingRenderer(TinyRenderer):
    """Remembers what it finished, and has its failures."""

    def __init__(self) -> None:
        super().__init__()
        self.warmed = 0
        self.rendered: list[str] = []

    def warm_up(self) -> None:
        self.warmed += 1

    def render(self, request: VideoRequest, path: Path, report: Report) -> Mapping[str, Any]:
        if not request.prompt:
            raise InvalidRequest("prompt must not be empty.")
        told = super().render(request, path, report)
        if request.prompt == BROKEN:
            raise ValueError(f"secret path {path}")
        self.rendered.append(request.prompt)
        return told


def ask(prompt: str, seconds: int = 4, model: str = NAMES[0]) -> VideoRequest:
    return VideoRequest(np.zeros((48, 64, 3), np.uint8), prompt, model, 64, 48, seconds, 24, seed=7)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where replicas have their temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def engine() -> NotingRenderer:
    return NotingRenderer()


@pytest.fixture
async def replica(engine: NotingRenderer) -> AsyncIterator[VideoReplica]:
    built = VideoReplica(engine, NAMES)
    yield built
    engine.gate.set()
    built.close()


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def rendered(replica: VideoReplica, request: VideoRequest) -> tuple[list[Progress], list[bytes], Video]:
    items = [item async for item in replica.generate(request)]
    parts = [item for item in items if isinstance(item, bytes)]
    video = items.pop()
    assert isinstance(video, Video)
    return [item for item in items if isinstance(item, Progress)], parts, video


async def failure(replica: VideoReplica, request: VideoRequest) -> KaleidoError:
    with pytest.raises(KaleidoError) as failed:
        await rendered(replica, request)
    return failed.value


async def test_a_video_comes_in_parts(replica: VideoReplica, folder: Path) -> None:
    """VID-014: progress, then the file whole and in order, then what there is to tell of it."""
    steps, parts, video = await rendered(replica, ask(LONG))
    assert steps == [Progress("render", step, STEPS) for step in range(STEPS)]
    assert b"".join(parts) == film(LONG, 96)
    assert len(parts) > 2
    assert max(map(len, parts)) == PART_BYTES
    assert video.extras == {"has_audio": False}
    assert video.generation_ms > 0
    assert left_in(folder) == []


async def test_one_engine_answers_for_both_variants(replica: VideoReplica, engine: NotingRenderer) -> None:
    """VID-003, ASR-002: under the name that was asked for; it is warmed up once, before the first caller."""
    assert (engine.warmed, engine.rendered) == (1, [])
    cards = await replica.cards()
    assert [(card.engine, card.task, card.impl) for card in cards] == [
        (name, "video", "tiny-film") for name in NAMES
    ]
    _, _, video = await rendered(replica, ask("sea", model=NAMES[1]))
    assert video.card == cards[1]


async def test_a_caller_who_leaves_stops_the_engine(
    engine: NotingRenderer, replica: VideoReplica, folder: Path
) -> None:
    """VID-016: within one step; its file is gone, and the next video is made."""
    engine.gate.clear()
    items = replica.generate(ask("given up"))
    assert await anext(items) == Progress("render", 0, STEPS)
    assert len(left_in(folder)) == 1
    await items.aclose()
    engine.gate.set()
    _, parts, _ = await rendered(replica, ask("kept"))
    assert b"".join(parts) == film("kept", 96)
    assert engine.rendered == ["kept"]
    assert left_in(folder) == []


async def test_a_caller_who_leaves_the_queue_costs_nothing(
    engine: NotingRenderer, replica: VideoReplica
) -> None:
    """VID-016: videos wait their turn; one that is given up is never begun."""
    engine.gate.clear()
    prompts = ("one", "two", "three")
    first, second, third = (asyncio.create_task(rendered(replica, ask(prompt, 1))) for prompt in prompts)
    await asyncio.sleep(0)
    second.cancel()
    engine.gate.set()
    await asyncio.gather(first, third)
    assert engine.rendered == ["one", "three"]


async def test_a_caller_who_leaves_between_parts_closes_the_file(replica: VideoReplica, folder: Path) -> None:
    """VID-016: nobody else would."""
    items = replica.generate(ask(LONG))
    while not isinstance(await anext(items), bytes):
        pass
    assert any(str(folder) in name for name in open_files()) or not open_files()
    await items.aclose()
    assert not any(str(folder) in name for name in open_files())


@pytest.mark.parametrize(("prompt", "kind"), [("", InvalidRequest), (BROKEN, VideoFailed)])
async def test_failures(replica: VideoReplica, folder: Path, prompt: str, kind: type[KaleidoError]) -> None:
    """VID-014, ERR-020: the caller's mistakes pass through; any other failure tells nothing of the inside.
    Neither leaves a file."""
    failed = await failure(replica, ask(prompt))
    assert type(failed) is kind
    assert "/" not in failed.message
    assert left_in(folder) == []
    assert (await rendered(replica, ask("sea", 1)))[1]


@pytest.mark.parametrize("real", [False, True], ids=["tiny", "embedded"])
async def test_a_full_disk(engine: NotingRenderer, folder: Path, real: bool) -> None:
    """ERR-005: a 503 that says when to come back, and nothing left behind."""
    replica = VideoReplica(EmbeddedRenderer() if real else engine, NAMES)
    with disk_of(20_000):
        failed = await failure(replica, ask(LONG, 2))
    assert type(failed) is StorageFull
    assert left_in(folder) == []
    assert (await rendered(replica, ask("sea", 1)))[1]
    replica.close()


async def test_a_hung_engine_fails_the_health_check(engine: NotingRenderer) -> None:
    """ERR-005: a replica whose engine call does not return asks to be replaced."""
    replica = VideoReplica(engine, NAMES, stuck_after_s=0)
    replica.check_health()
    engine.gate.clear()
    task = asyncio.create_task(rendered(replica, ask("sea", 1)))
    await eventually(lambda: replica._batcher.busy_s)
    with pytest.raises(RuntimeError, match="in one call"):
        replica.check_health()
    engine.gate.set()
    await task
    replica.close()
