"""A locust user who has texts spoken, as jobs."""

from __future__ import annotations

import itertools
from typing import Any

import gevent
from locust import HttpUser, between, task

from loadtests.speech.client import START, Spoken
from loadtests.speech.jobs import TEXTS

PATIENCE_S = 60.0
POLL_S = 0.2


class SpeechUser(HttpUser):
    """Somebody who has a text read aloud now and then. A whole job reports as `JOB speech`."""

    wait_time = between(0.5, 1.5)
    key = ""
    turns = itertools.count()

    def on_start(self) -> None:
        """All HTTP routes take the same header."""
        self.client.headers["x-api-key"] = self.key

    @task
    def speak(self) -> None:
        """Start a job, look at it until it is ready, fetch the WAV."""
        turn = next(self.turns)
        model, language, text = TEXTS[turn % len(TEXTS)]
        request = {"model": model, "language": language, "text": text, "seed": turn}
        started = self.client.post(START, json=request)
        if not started.ok:
            return
        body = self._ended(started.json()["statusPath"])
        done = bool(body.get("successful"))
        if done:
            self.client.get(Spoken(body).url, name="/uploads/[file]")
        self.environment.events.request.fire(
            request_type="JOB",
            name="speech",
            response_time=Spoken(body).total_ms if done else 0,
            response_length=0,
            exception=None if done else RuntimeError(body.get("error", "not ready in time")),
            context={},
        )

    def _ended(self, path: str) -> dict[str, Any]:
        """The last status, or an empty one."""
        with gevent.Timeout(PATIENCE_S, False):
            while True:
                answer = self.client.get(path, name=f"{START}/[taskId]")
                if not answer.ok or answer.json()["ready"]:
                    return dict(answer.json())
                gevent.sleep(POLL_S)
        return {}
