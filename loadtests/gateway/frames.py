"""Audio frames on many WebSockets at once, cheaper for the sender than for the server.

A frame is masked once and written to every socket, so one core of load generator keeps thousands of streams
going. Nothing is decoded: the audio is silence, and every stream is reset before its buffer could matter.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import cast
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.uri import parse_uri

from loadtests.audio import silence
from loadtests.pacing import deadlines
from loadtests.recording import FRAME_MS, RESET, START

AUDIO = Frame(Opcode.BINARY, silence(FRAME_MS)).serialize(mask=True)
START_FRAME, PROBE = (Frame(Opcode.TEXT, text.encode()).serialize(mask=True) for text in (START, RESET))
PROBE_EVERY = 200
"""Frames between two probes of a stream: 4 s, inside the largest `min_decode_audio_ms` (5 s, ASR-014)."""


class Lane(asyncio.Protocol):
    """One socket: frames out, round trips of probes in. The server answers in order, behind the frames."""

    def __init__(self, url: str) -> None:
        self._protocol = ClientProtocol(parse_uri(url))
        self._probed_ns: int | None = None
        self.opened = asyncio.get_running_loop().create_future()
        self.round_trips_ms: list[float] = []
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self._transport = cast(asyncio.Transport, transport)
        self._protocol.send_request(self._protocol.connect())
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Take answers; only those to probes matter."""
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                self.opened.set_result(event.status_code)
                self._transport.write(START_FRAME)
            elif isinstance(event, Frame) and b'"reset_ok"' in event.data and self._probed_ns is not None:
                self.round_trips_ms.append((time.monotonic_ns() - self._probed_ns) / 1e6)
                self._probed_ns = None
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """The server went away, or we did."""
        self.lost = True
        if not self.opened.done():
            self.opened.set_result(0)

    def frame(self) -> None:
        """Send 20 ms of silence."""
        self._transport.write(AUDIO)

    def probe(self) -> None:
        """Ask for an answer; one that is still due is as late as it is now."""
        if self._probed_ns is not None:
            self.round_trips_ms.append((time.monotonic_ns() - self._probed_ns) / 1e6)
        self._probed_ns = time.monotonic_ns()
        self._transport.write(PROBE)

    def close(self) -> None:
        """Say goodbye."""
        if not self.lost:
            self._protocol.send_close(1000)
            self._flush()
            self._transport.close()

    def _flush(self) -> None:
        for chunk in self._protocol.data_to_send():
            if chunk:
                self._transport.write(chunk)


async def open_lane(url: str) -> Lane:
    """A started stream. Raises OSError when the server refuses."""
    address = urlsplit(url)
    _, lane = await asyncio.get_running_loop().create_connection(
        lambda: Lane(url), address.hostname or "", address.port or 80
    )
    if (status := await lane.opened) != 101:
        raise OSError(f"the server answered {status} to the upgrade")
    return lane


async def flood(lanes: Sequence[Lane], seconds: float) -> int:
    """A frame from every lane each 20 ms, spread over the 20 ms; the number of frames sent."""
    sent = 0
    until_ns = time.monotonic_ns() + int(seconds * 1e9)
    for tick, due_ns in enumerate(deadlines(time.monotonic_ns(), 1)):
        if due_ns > until_ns:
            return sent
        if (early_ns := due_ns - time.monotonic_ns()) > 0:
            await asyncio.sleep(early_ns / 1e9)
        sent += _send(lanes, tick)
    return sent


def _send(lanes: Sequence[Lane], tick: int) -> int:
    """The lanes whose millisecond this is. Probes are spread over the streams too."""
    frame, millisecond = divmod(tick, FRAME_MS)
    due = [(number, lane) for number, lane in enumerate(lanes[millisecond::FRAME_MS]) if not lane.lost]
    for number, lane in due:
        lane.frame()
        if (frame + number * 7 + 1) % PROBE_EVERY == 0:
            lane.probe()
    return len(due)
