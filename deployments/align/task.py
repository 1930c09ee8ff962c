"""Forced alignment as a task of the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from deployments.align.replica import AlignerReplica
from deployments.asr.replica import pcm16
from deployments.serving.task_row import LARGE_BYTES, Remote, TaskRow
from serve_app.engines import ALIGN, Alignment, Audio

TIMEOUT_S = 120.0
"""A recording waits behind others; ten minutes of speech take an engine some seconds."""


class RemoteAligner:
    """Implements `serve_app.engines.Aligner`."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    async def align(self, audio: Audio, words: Sequence[str]) -> Alignment:
        """Words in 16 kHz audio. Raises EngineUnavailable, AlignmentFailed."""
        samples = pcm16(audio)
        answer = await self._remote.call(
            "align", samples, tuple(words), timeout_s=TIMEOUT_S, large=samples.nbytes > LARGE_BYTES
        )
        return cast(Alignment, answer)


ROW = TaskRow(ALIGN, AlignerReplica, RemoteAligner)
