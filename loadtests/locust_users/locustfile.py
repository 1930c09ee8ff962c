"""Locust users of the public API: captions streamed in real time, and texts spoken as jobs.

    locust -f loadtests/locust_users/locustfile.py --headless -u 4 -r 2 -t 20s --host http://127.0.0.1:8000
    [SpeechUser]

The key comes from KALEIDO_KEY; without it a team with wide limits is made in the server's KALEIDO_DATA
(.kaleido), since the demo key allows three sessions. Streams report under `WS`: speech_detected,
first_partial and final.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import gevent
from locust import HttpUser, between, events, task
from locust.env import Environment
from websocket import WebSocketException, create_connection

from loadtests import metrics
from loadtests.audio import corpus
from loadtests.locust_users.gevent_stream import stream
from loadtests.locust_users.speech import SpeechUser
from loadtests.recording import Recording
from loadtests.team import lasting_key

DATA = Path(os.environ.get("KALEIDO_DATA", ".kaleido"))
PATIENCE_S = 15.0
API = "/api/thai-asr"
MEASURED = {
    "speech_detected": metrics.speech_detected_ms,
    "first_partial": metrics.first_partial_ms,
    "final": metrics.final_ms,
}
SAID = corpus(DATA / "loadtest-audio", 8)


@events.test_start.add_listener
def find_key(environment: Environment, **_: Any) -> None:
    """One key for all users."""
    CaptionUser.key = SpeechUser.key = os.environ.get("KALEIDO_KEY") or asyncio.run(lasting_key(DATA))


class CaptionUser(HttpUser):
    """Somebody who dictates a sentence now and then."""

    wait_time = between(0.5, 1.5)
    key = ""

    def on_start(self) -> None:
        """All HTTP routes take the same header."""
        self.client.headers["x-api-key"] = self.key
        self.turn = id(self) % len(SAID)

    @task(1)
    def read_config(self) -> None:
        """What the service offers and what is left of the limits."""
        self.client.get(f"{API}/config")

    @task(4)
    def dictate(self) -> None:
        """One utterance on a session of its own."""
        reply = self.client.post(f"{API}/sessions", json={"benchmark_label": "locust"})
        if not reply.ok:
            return
        self.turn += 1
        recording = Recording(SAID[self.turn % len(SAID)])
        try:
            socket = create_connection(f"{reply.json()['ws_url']}&api_key={self.key}", timeout=PATIENCE_S)
            with gevent.Timeout(PATIENCE_S + recording.utterance.audio_ms / 1000):
                stream(socket, recording)
        except (WebSocketException, OSError, gevent.Timeout) as failure:
            recording.failure = recording.failure or type(failure).__name__
        self.report(recording)

    def report(self, recording: Recording) -> None:
        """The three published latencies as Locust requests; a lost one is a failure."""
        for name, measure in MEASURED.items():
            latency_ms = measure(recording) if recording.sent_ns else metrics.MISSING
            lost = latency_ms == metrics.MISSING
            self.environment.events.request.fire(
                request_type="WS",
                name=name,
                response_time=0 if lost else latency_ms,
                response_length=0,
                exception=RuntimeError(recording.failure or f"no {name}") if lost else None,
                context={},
            )
