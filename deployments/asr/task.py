"""Speech recognition as a task of the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from deployments.asr.replica import MAX_BATCH_ITEMS, RecognizerReplica, pcm16
from deployments.serving.task_row import LARGE_BYTES, Remote, TaskRow
from serve_app.engines import ASR, NO_HINTS, Audio, Hints, Transcription

LIVE_TIMEOUT_S = 10.0
"""A caption later than this is of no use to anyone; the target for a final is 0.8 s."""
FILE_TIMEOUT_S = 120.0
"""A piece of a file waits behind all streams."""
WAITING_BATCHES = 8
"""How many full batches may wait in a replica before the router keeps the next request for another one. The
replica knows what is urgent and the router does not: with 4, half of 48 streams waited there."""


class RemoteRecognizer:
    """Implements `serve_app.engines.SpeechRecognizer`."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    async def transcribe(
        self, audio: Audio, *, final: bool, hints: Hints = NO_HINTS, live: bool = True
    ) -> Transcription:
        """Words of 16 kHz audio. Raises InvalidRequest, EngineUnavailable, DecodeFailed."""
        samples = pcm16(audio)
        answer = await self._remote.call(
            "transcribe",
            samples,
            final=final,
            hints=hints,
            live=live,
            timeout_s=LIVE_TIMEOUT_S if live else FILE_TIMEOUT_S,
            large=samples.nbytes > LARGE_BYTES,
        )
        return cast(Transcription, answer)


def _in_flight(replica: Mapping[str, Any]) -> int:
    return WAITING_BATCHES * int(replica.get("max_batch_items", MAX_BATCH_ITEMS))


ROW = TaskRow(ASR, RecognizerReplica, RemoteRecognizer, _in_flight)
