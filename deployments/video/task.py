"""Image to video as a task of the cluster."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from deployments.serving.task_row import Remote, TaskRow
from deployments.video.replica import VideoReplica
from serve_app.engines import VIDEO, Progress, Video, VideoRequest

PATIENCE_S = 600.0
"""A request may wait behind others without a word; a step of a full model on ten seconds of 720p takes a good
part of a minute."""


class RemoteVideoGenerator:
    """Implements `serve_app.engines.VideoGenerator`."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    def generate(self, request: VideoRequest) -> AsyncGenerator[Progress | bytes | Video, None]:
        """Progress, the MP4 in parts, its facts. Raises InvalidRequest, EngineUnavailable, VideoFailed."""
        return self._remote.stream("generate", request, patience_s=PATIENCE_S, large=True)


ROW = TaskRow(VIDEO, VideoReplica, RemoteVideoGenerator)
