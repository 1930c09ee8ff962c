"""Video jobs through the whole cluster: gateway, store, dispatcher, replica, file, and their deaths."""

from __future__ import annotations

import base64
import io
import os
import signal
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.cluster.running import RunningCluster, until
from tests.engines.video.tiny_video import FATAL, SLOW, film

pytestmark = pytest.mark.timeout(240)
VIDEOS = "/api/ltx23/v1/videos"
RENDERER = "ServeReplica:video-ltx23"
DISPATCHER = "ServeReplica:dispatcher"
RECOVERY_S = 60.0


@pytest.fixture
def api(cluster: RunningCluster) -> Iterator[httpx.Client]:
    until(lambda: "ltx23-distilled" in cluster.engines(), RECOVERY_S, "the video model answers")
    with httpx.Client(base_url=cluster.url, headers={"x-api-key": cluster.key}, timeout=30) as client:
        yield client


def picture() -> str:
    """A small picture as a data URL."""
    file = io.BytesIO()
    Image.new("RGB", (64, 36), "teal").save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def start(api: httpx.Client, prompt: str) -> str:
    """The id of a new job."""
    body = {"prompt": prompt, "image": {"url": picture()}, "duration": 2}
    answer = api.post(f"{VIDEOS}/generations", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["request_id"])


def status(api: httpx.Client, job: str) -> dict[str, Any]:
    body: dict[str, Any] = api.get(f"{VIDEOS}/{job}").raise_for_status().json()
    return body


def ended(api: httpx.Client, job: str) -> dict[str, Any]:
    """The last status of a job."""
    last = ("done", "failed", "canceled")
    until(lambda: status(api, job)["status"] in last, RECOVERY_S, "the job has ended", every_s=0.2)
    return status(api, job)


def running(api: httpx.Client, job: str) -> None:
    until(lambda: status(api, job).get("progress"), RECOVERY_S, "the job is in the engine", every_s=0.2)


def test_a_job_becomes_a_file(cluster: RunningCluster, api: httpx.Client) -> None:
    """VID-001, VID-012, VID-014, RT-42, OUT-001: start, poll, download, whole and in part."""
    body = ended(api, start(api, "A river."))
    assert (body["status"], body["metadata"]["engine_impl"]) == ("done", "tiny-film")
    url = body["video"]["url"]
    answer = api.get(url).raise_for_status()
    assert (answer.content, answer.headers["content-type"]) == (film("A river.", 48), "video/mp4")
    assert api.get(url, headers={"range": "bytes=2-6"}).content == b"river"
    assert httpx.get(f"{cluster.url}{url}").status_code == 401


def test_cancelling_reaches_the_engine(api: httpx.Client) -> None:
    """VID-016, RT-12: a running job is canceled; the engine takes the next one instead of finishing it."""
    job = start(api, SLOW)
    running(api, job)
    api.delete(f"{VIDEOS}/{job}").raise_for_status()
    assert ended(api, job)["status"] == "canceled"
    assert "video" not in status(api, job)
    assert ended(api, start(api, "next"))["status"] == "done"


@pytest.mark.parametrize("victim", [RENDERER, DISPATCHER])
def test_a_job_survives_the_death_of_what_runs_it(
    cluster: RunningCluster, api: httpx.Client, victim: str
) -> None:
    """JOB-002, VID-015: the model's process or the dispatcher is killed with SIGKILL in the middle."""
    job = start(api, SLOW)
    running(api, job)
    for pid in cluster.replicas(victim):
        os.kill(pid, signal.SIGKILL)
    assert ended(api, job)["status"] == "done"


def test_a_job_that_kills_its_engine_fails_in_the_end(api: httpx.Client) -> None:
    """JOB-004, VID-014: three attempts, then a clear failure; the next job is done."""
    body = ended(api, start(api, FATAL))
    assert body["status"] == "failed"
    assert body["error"].startswith("Remote LTX image-to-video failed: ")
    assert ended(api, start(api, "next"))["status"] == "done"
