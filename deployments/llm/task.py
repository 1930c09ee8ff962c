"""Chats as a task of the cluster."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from deployments.llm.replica import PLACES, WAITING, ChatReplica
from deployments.serving.task_row import Remote, TaskRow
from serve_app.engines import LLM, ChatPart, ChatRequest

PATIENCE_S = 600.0
"""An answer that is not streamed comes in one part, after a wait for a place."""
REFUSALS = 64
"""Above the places and seats of a replica: its answer to whoever finds none must not wait for one, and it
chooses itself whom it refuses. Questions for its card pass too."""


class RemoteChatModel:
    """Implements `serve_app.engines.ChatModel`."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    def chat(self, request: ChatRequest) -> AsyncGenerator[ChatPart, None]:
        """The answer, part by part. Raises InvalidRequest, Saturated, EngineUnavailable, GenerationFailed."""
        return self._remote.stream("chat", request, patience_s=PATIENCE_S)


def _in_flight(replica: Mapping[str, Any]) -> int:
    return int(replica.get("places", PLACES)) + int(replica.get("waiting", WAITING)) + REFUSALS


ROW = TaskRow(LLM, ChatReplica, RemoteChatModel, _in_flight)
