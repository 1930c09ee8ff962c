"""Sessions that end badly: dropped at random points, cleanly or with a TCP reset."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from loadtests.captions.client import StreamFailed, ThaiAsr
from loadtests.pacing import paced
from loadtests.recording import END, FRAME_MS, START, Utterance

CONCURRENCY = 20
SPEEDUP = 4
"""Audio goes out faster than real time: the middle of an utterance comes sooner."""


class Moment(Enum):
    """When a session is dropped."""

    NEVER_CONNECTED = "never connected"
    BEFORE_START = "before start"
    MID_AUDIO = "mid audio"
    MID_DECODE = "mid decode"
    AFTER_END = "after end"


@dataclass(frozen=True, slots=True)
class Drop:
    """How one session ends."""

    moment: Moment
    reset: bool
    """An abrupt TCP reset instead of a clean close."""
    part: float
    """How much of the utterance is sent, 0..1."""


def drops(count: int, seed: int = 1) -> list[Drop]:
    """Always the same random drops."""
    rng = random.Random(seed)
    moments = list(Moment)
    return [Drop(rng.choice(moments), rng.random() < 0.5, rng.uniform(0.2, 0.7)) for _ in range(count)]


async def play(api: ThaiAsr, said: Utterance, drop: Drop) -> None:
    """One session up to its drop. Raises StreamFailed, OSError, ConnectionClosed."""
    url = await api.stream_url()
    if drop.moment is Moment.NEVER_CONNECTED:
        return
    # The client does not wait for the server's goodbye: nor would a browser tab that is closed.
    async with connect(url, compression=None, proxy=None, close_timeout=1) as ws:
        await _talk(ws, said, drop)
        if drop.reset:
            _reset(ws)


async def _talk(ws: ClientConnection, said: Utterance, drop: Drop) -> None:
    await ws.recv()
    if drop.moment is Moment.BEFORE_START:
        return
    await ws.send(START)
    frames = list(said.frames())
    part = 1.0 if drop.moment is Moment.AFTER_END else drop.part
    async for _, frame in paced(frames[: int(len(frames) * part)], FRAME_MS // SPEEDUP):
        await ws.send(frame)
    if drop.moment is Moment.MID_DECODE:  # with a flush just asked for, a decode is under way
        await ws.send('{"type":"flush"}')
    elif drop.moment is Moment.AFTER_END:
        await ws.send(END)


def _reset(ws: ClientConnection) -> None:
    """RST instead of FIN: no linger, no goodbye."""
    sock: socket.socket = ws.transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    ws.transport.abort()


async def churn(api: ThaiAsr, said: Sequence[Utterance], planned: Sequence[Drop]) -> Counter[str]:
    """All drops, some at a time; what went otherwise than planned, counted."""
    surprises: Counter[str] = Counter()
    waiting = iter(enumerate(planned))

    async def worker() -> None:
        for index, drop in waiting:
            try:
                await play(api, said[index % len(said)], drop)
            except (StreamFailed, OSError, ConnectionClosed) as surprise:
                surprises[f"{drop.moment.value}: {surprise}"] += 1

    await asyncio.gather(*(worker() for _ in range(CONCURRENCY)))
    return surprises
