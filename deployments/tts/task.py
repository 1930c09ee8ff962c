"""Text to speech as a task of the cluster."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from deployments.serving.task_row import Remote, TaskRow
from deployments.tts.replica import SynthesizerReplica
from serve_app.engines import TTS, Progress, Speech, SpeechRequest

PATIENCE_S = 300.0
"""A text may wait behind others without a word; one that is being spoken reports each step."""


class RemoteSynthesizer:
    """Implements `serve_app.engines.SpeechSynthesizer`."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    def synthesize(self, request: SpeechRequest) -> AsyncGenerator[Progress | Speech, None]:
        """Progress, then the speech. Raises InvalidRequest, EngineUnavailable, SynthesisFailed."""
        return self._remote.stream("synthesize", request, patience_s=PATIENCE_S, large=True)


ROW = TaskRow(TTS, SynthesizerReplica, RemoteSynthesizer)
