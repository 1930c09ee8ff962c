"""The Locust client writes down true arrival times (ASR-045)."""

from __future__ import annotations

import json
from typing import cast

import pytest
from gevent.event import AsyncResult
from websocket import WebSocket, WebSocketConnectionClosedException, WebSocketException

from loadtests.locust_users.gevent_stream import read
from loadtests.recording import Event, Recording, Utterance

MS = 1_000_000


class SlowSocket:
    """Each message takes 30 ms to come; then the socket is lost."""

    def __init__(self, *messages: dict[str, object]) -> None:
        self.now = 0
        self._messages = iter(messages)

    def recv(self) -> str:
        self.now += 30 * MS
        for message in self._messages:
            return json.dumps(message)
        raise WebSocketConnectionClosedException


def heard(socket: SlowSocket) -> tuple[Recording, AsyncResult[Event], AsyncResult[Event]]:
    recording = Recording(Utterance("malee", "แมว", b""))
    started, ended = AsyncResult(), AsyncResult()
    read(cast(WebSocket, socket), recording, started, ended, lambda: socket.now)
    return recording, started, ended


def test_an_event_is_stamped_when_it_arrives_not_when_the_wait_for_it_begins() -> None:
    """ASR-045: stamped before the wait, every latency would come out as zero or less."""
    recording, started, ended = heard(SlowSocket({"type": "started"}, {"type": "final"}))
    assert [event.at_ns // MS for event in recording.events] == [30, 60]
    assert started.get(timeout=0).kind == "started"
    assert ended.get(timeout=0).kind == "final"
    assert recording.failure == ""


def test_an_error_ends_the_wait_and_is_written_down() -> None:
    """ASR-046."""
    recording, _started, ended = heard(SlowSocket({"type": "started"}, {"type": "error", "code": "timeout"}))
    assert ended.get(timeout=0).kind == "error"
    assert recording.failure == "timeout"


def test_a_lost_socket_reaches_whoever_waits() -> None:
    """ERR-009: nobody waits for ever."""
    _recording, _started, ended = heard(SlowSocket({"type": "started"}))
    with pytest.raises(WebSocketConnectionClosedException):
        ended.get(timeout=0)


def test_a_refusal_before_the_start_reaches_whoever_waits_for_it() -> None:
    """ERR-019: an error event, then the close."""
    refusal = {"type": "error", "code": "concurrent_session_limit_exceeded"}
    recording, started, _ended = heard(SlowSocket({"type": "ready"}, refusal))
    with pytest.raises(WebSocketException, match="concurrent_session_limit_exceeded"):
        started.get(timeout=0)
    assert recording.failure == "concurrent_session_limit_exceeded"
