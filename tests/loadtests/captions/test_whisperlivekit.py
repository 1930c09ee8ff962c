"""The client of a WhisperLiveKit server, against one that speaks its protocol by script (ASR-048)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

from loadtests.captions.peer import figures
from loadtests.captions.whisperlivekit import WhisperLiveKit, Words
from loadtests.recording import Utterance

SAID = Utterance("malee", "แมวกินปลา", bytes(16_000))
"""Half a second: five frames."""
TRUTH: Words = [{"text": "แมว", "start": 0.1, "end": 0.2}, {"text": "กินปลา", "start": 0.2, "end": 0.4}]
SHOWN: list[dict[str, Any]] = [
    {"lines": [], "buffer_transcription": "แมว"},
    {"lines": [{"text": "แมว"}], "buffer_transcription": "กิน"},
    {"lines": [{"text": "แมวกินปลา"}], "buffer_transcription": ""},
]


@asynccontextmanager
async def scripted(answers: Sequence[dict[str, Any]]) -> AsyncIterator[tuple[WhisperLiveKit, list[int]]]:
    """A peer that hears until the empty message and then sends its script; and the bytes of what it heard."""
    heard: list[int] = []

    async def handle(socket: ServerConnection) -> None:
        while message := await socket.recv():
            heard.append(len(message))
        for answer in answers:
            await socket.send(json.dumps(answer))

    async with serve(handle, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield WhisperLiveKit(f"ws://127.0.0.1:{port}/asr", {SAID.pcm: TRUTH}), heard


async def test_lines_are_commits_and_the_buffer_is_not() -> None:
    """ASR-048: each change of the text is a partial, each change of the lines a commit; the end a final."""
    async with scripted([*SHOWN, {"type": "ready_to_stop"}]) as (peer, heard), peer.stream() as stream:
        recording = await stream.say(SAID)
    assert not recording.failure
    assert heard == [3200] * 5
    assert [(each.kind, each.body["text"]) for each in recording.events] == [
        ("partial", "แมว"),
        ("partial", "แมวกิน"),
        ("stabilized_partial", "แมว"),
        ("partial", "แมวกินปลา"),
        ("stabilized_partial", "แมวกินปลา"),
        ("final", "แมวกินปลา"),
    ]


async def test_failures_are_told() -> None:
    """ASR-050: a server's error and a socket that closes without an end are failures, not results."""
    for answers, failure in (([{"error": "no"}], "error"), (SHOWN, "closed")):
        async with scripted(answers) as (peer, _), peer.stream() as stream:
            assert (await stream.say(SAID)).failure == failure


async def test_nobody_there_is_a_failure() -> None:
    """ASR-050: a peer that is gone does not end the run."""
    async with scripted([]) as (gone, _):
        pass
    async with gone.stream() as stream:
        assert (await stream.say(SAID)).failure == "ConnectionRefusedError"


async def test_figures_use_the_true_times_of_words() -> None:
    """ASR-048: rows of latency, stability and audio decoded per audio sent; failures are counted."""
    async with scripted([*SHOWN, {"type": "ready_to_stop"}]) as (peer, _), peer.stream() as stream:
        recordings = [await stream.say(SAID)]
    async with scripted(SHOWN) as (peer, _), peer.stream() as stream:
        recordings.append(await stream.say(SAID))
    rows = {name: (middle, tail) for name, middle, tail in figures(recordings, decoded_s=2.5)}
    assert rows["false-commit rate"] == (0, None)
    assert rows["audio decoded / sent"] == (2.5, None), "both utterances were sent, half a second each"
    assert rows["failed"] == (1, None)
    assert 0 < rows["word first correct"][0] <= rows["word committed"][0]
