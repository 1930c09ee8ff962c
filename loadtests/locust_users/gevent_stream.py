"""The streaming half for Locust, on greenlets and websocket-client; recordings as in
`loadtests.captions.client`.

An asyncio loop cannot run in each of many greenlets of one thread, hence a second, small client.
"""

from __future__ import annotations

import json
import time

import gevent
from gevent.event import AsyncResult
from websocket import WebSocket, WebSocketException

from loadtests.pacing import Clock, deadlines
from loadtests.recording import END, ENDS_UTTERANCE, FRAME_MS, START, Event, Recording


def stream(socket: WebSocket, recording: Recording) -> None:
    """Start, speak in real time, end, and wait for the final. Raises WebSocketException, OSError."""
    started: AsyncResult[Event] = AsyncResult()
    ended: AsyncResult[Event] = AsyncResult()
    reader = gevent.spawn(read, socket, recording, started, ended)
    try:
        socket.send(START)
        recording.config = started.get().body["config"]
        for due_ns, frame in zip(
            deadlines(time.monotonic_ns(), FRAME_MS), recording.utterance.frames(), strict=False
        ):
            gevent.sleep(max(due_ns - time.monotonic_ns(), 0) / 1e9)
            recording.due_ns = recording.due_ns or due_ns
            recording.sent_ns.append(time.monotonic_ns())
            socket.send_binary(frame)
        recording.end_sent_ns = time.monotonic_ns()
        socket.send(END)
        ended.get()
    finally:
        socket.close()
        reader.kill()


def read(
    socket: WebSocket,
    recording: Recording,
    started: AsyncResult[Event],
    ended: AsyncResult[Event],
    clock: Clock = time.monotonic_ns,
) -> None:
    """Write down every event on arrival; whoever waits learns of a lost socket too."""
    try:
        while not ended.ready():
            message = socket.recv()  # the stamp is taken after the wait
            event = Event(clock(), json.loads(message))
            recording.events.append(event)
            if event.kind == "started":
                started.set(event)
            elif event.kind in ENDS_UTTERANCE:
                recording.failure = "" if event.kind == "final" else str(event.body.get("code"))
                ended.set(event)
        raise WebSocketException(recording.failure or "the stream is over")
    except (WebSocketException, OSError, ValueError) as over:
        for waiting in (started, ended):
            if not waiting.ready():
                waiting.set_exception(over)
