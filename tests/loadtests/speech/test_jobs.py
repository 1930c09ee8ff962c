"""Reading speech jobs: their times, their failures, and how they are summed up."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from loadtests.job_client import JobFailed
from loadtests.speech.client import SpeechJobs, Spoken
from loadtests.speech.jobs import HEAD, Run


def body(started: str, ended: str, engine_ms: float) -> dict[str, Any]:
    times = {"createdAt": "2026-06-05T08:00:00.000Z", "startedAt": started, "endedAt": ended}
    result = {"url": "/uploads/generations/tts/a.wav", "metadata": {"synthesis_ms": engine_ms}}
    return {**times, "ready": True, "successful": True, "result": result}


def test_times_are_the_servers_own() -> None:
    """TTS-023: from the status alone, so that the polling of a client is not in them."""
    job = Spoken(body("2026-06-05T08:00:00.010Z", "2026-06-05T08:00:01.250Z", 1200.0))
    assert (job.queued_ms, job.total_ms, job.synthesis_ms) == (10.0, 1250.0, 1200.0)


def test_overhead_is_all_but_the_engine() -> None:
    """TTS-001: the row of one job, under its head."""
    job = Spoken(body("2026-06-05T08:00:00.010Z", "2026-06-05T08:00:01.250Z", 1200.0))
    row = Run(clients=1, seconds=30.0, spoken=[job], failures=["x"]).row()
    assert row == (1, 1, 2.0, 1, 10.0, 10.0, 1200.0, 1200.0, 50.0, 50.0, 1250.0, 1250.0)
    assert len(row) == len(HEAD)


async def test_a_job_that_fails_is_told_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """TTS-026: the reason, not a hang."""
    answers = [
        {"statusPath": "/status"},
        {"ready": False, "progress": {"stage": "synthesis"}},
        {"ready": True, "successful": False, "error": "TTS generation failed: why"},
    ]
    seen: list[object] = []
    async with SpeechJobs("http://api.test", "key", poll_s=0) as jobs:
        transport = httpx.MockTransport(lambda request: httpx.Response(200, json=answers.pop(0)))
        monkeypatch.setattr(jobs, "_http", httpx.AsyncClient(transport=transport, base_url="http://api.test"))
        with pytest.raises(JobFailed, match="why"):
            await jobs.speak({"text": "x"}, seen.append)
    assert seen == [{"stage": "synthesis"}]
