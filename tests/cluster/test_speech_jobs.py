"""Speech jobs through the whole cluster: gateway, store, dispatcher, replica, file, and their deaths."""

from __future__ import annotations

import copy
import io
import os
import signal
import time
import wave
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.cluster.running import RunningCluster, until
from tests.engines.tiny import FATAL, SLOW

pytestmark = pytest.mark.timeout(240)
SPEECH = "/api/tts/v1/audio/speech"
SYNTHESIZER = "ServeReplica:tts-embedded"
DISPATCHER = "ServeReplica:dispatcher"
RECOVERY_S = 60.0


@pytest.fixture
def api(cluster: RunningCluster) -> Iterator[httpx.Client]:
    until(lambda: "f5" in cluster.engines(), RECOVERY_S, "the synthesiser answers")
    with httpx.Client(base_url=cluster.url, headers={"x-api-key": cluster.key}, timeout=30) as client:
        yield client


def start(api: httpx.Client, text: str) -> str:
    """The id of a new job."""
    answer = api.post(SPEECH, json={"text": text, "language": "th", "seed": 1})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["taskId"])


def status(api: httpx.Client, job: str) -> dict[str, Any]:
    body: dict[str, Any] = api.get(f"{SPEECH}/{job}").raise_for_status().json()
    return body


def ended(api: httpx.Client, job: str) -> dict[str, Any]:
    """The last status of a job."""
    until(lambda: status(api, job)["ready"], RECOVERY_S, "the job has ended")
    return status(api, job)


def running(api: httpx.Client, job: str) -> None:
    until(lambda: status(api, job).get("progress"), RECOVERY_S, "the job is in the engine")


def test_a_job_becomes_a_file(cluster: RunningCluster, api: httpx.Client) -> None:
    """TTS-001, TTS-027, RT-42: start, poll, download; the WAV is as long as its metadata says."""
    body = ended(api, start(api, "abc"))
    assert (body["state"], body["successful"]) == ("SUCCESS", True)
    with wave.open(io.BytesIO(api.get(body["result"]["url"]).raise_for_status().content)) as wav:
        shape = wav.getnchannels(), wav.getsampwidth(), wav.getnframes() / wav.getframerate()
    assert shape == (1, 2, pytest.approx(body["result"]["metadata"]["duration"], abs=0.01))


def test_cancelling_reaches_the_engine(cluster: RunningCluster, api: httpx.Client) -> None:
    """RT-49: a running job is revoked, and the engine takes the next text instead of finishing this one."""
    job = start(api, SLOW)
    running(api, job)
    api.delete(f"{SPEECH}/{job}").raise_for_status()
    assert ended(api, job)["state"] == "REVOKED"
    assert ended(api, start(api, "next"))["state"] == "SUCCESS"


@pytest.mark.parametrize("victim", [SYNTHESIZER, DISPATCHER])
def test_a_job_survives_the_death_of_what_runs_it(
    cluster: RunningCluster, api: httpx.Client, victim: str
) -> None:
    """JOB-002: the model's process or the dispatcher is killed with SIGKILL in the middle."""
    job = start(api, SLOW)
    running(api, job)
    began = time.monotonic()
    for pid in cluster.replicas(victim):
        os.kill(pid, signal.SIGKILL)
    body = ended(api, job)
    print(f"{victim} killed: done {time.monotonic() - began:.1f} s later")  # noqa: T201
    assert body["state"] == "SUCCESS"


def test_a_text_that_kills_its_engine_fails_in_the_end(cluster: RunningCluster, api: httpx.Client) -> None:
    """JOB-004, TTS-026: three attempts, then a clear failure; the next job is spoken."""
    body = ended(api, start(api, FATAL))
    assert (body["state"], body["successful"]) == ("FAILURE", False)
    assert body["error"].startswith("TTS generation failed: ")
    assert ended(api, start(api, "next"))["state"] == "SUCCESS"


def test_a_model_that_is_down_is_told_at_once_and_a_waiting_job_fails_clearly(
    cluster: RunningCluster, api: httpx.Client
) -> None:
    """ERR-006, JOB-004: 502 on a new request; what was accepted before ends, spoken or with a reason."""
    job = start(api, SLOW)
    without = copy.deepcopy(cluster.config)
    without["applications"] = [row for row in without["applications"] if row["name"] != "tts-embedded"]
    cluster.operate("deploy", without)
    until(lambda: "f5" not in cluster.engines(), RECOVERY_S, "the model is gone from /health")
    refused = api.post(SPEECH, json={"text": "abc", "language": "th"})
    assert (refused.status_code, refused.json()["code"]) == (502, "upstream_unreachable")
    body = ended(api, job)
    assert body["state"] == "SUCCESS" or body["error"].startswith("TTS generation failed: The model runtime")
    cluster.operate("deploy", cluster.config)
    assert ended(api, start_when_up(cluster, api))["state"] == "SUCCESS"


def start_when_up(cluster: RunningCluster, api: httpx.Client) -> str:
    until(lambda: "f5" in cluster.engines(), RECOVERY_S, "the model is back")
    return start(api, "abc")
