"""The models of a config inside this process: for tests and `make dev`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from deployments.llm.replica import ChatReplica
from deployments.models import ModelArgs, Replica, Task, build_replica
from serve_app.engines import (
    Aligner,
    ChatModel,
    EngineCard,
    SpeechRecognizer,
    SpeechSynthesizer,
    VideoGenerator,
)
from serve_app.errors import EngineUnavailable


class LocalModels:
    """`serve_app.backends.Models` over replicas of this process."""

    def __init__(self, replicas: Mapping[tuple[Task, str], Replica]) -> None:
        """`replicas` by task and public name."""
        self._replicas = replicas

    @classmethod
    def load(cls, rows: Iterable[ModelArgs]) -> LocalModels:
        """Load every model of a config. Raises EngineNotInstalled, EngineConfigError."""
        built = [(row, build_replica(row)) for row in rows]
        return cls({(row.task, name): replica for row, replica in built for name in row.public_names})

    async def start(self) -> None:
        """Start the engines that live in the event loop."""
        for replica in self._distinct():
            if isinstance(replica, ChatReplica):
                await replica.start()

    async def recognizer(self, engine: str) -> SpeechRecognizer:
        """The recogniser with this public name. Raises EngineUnavailable."""
        return cast(SpeechRecognizer, self._find("asr", engine))

    async def synthesizer(self, engine: str) -> SpeechSynthesizer:
        """The synthesiser with this public name. Raises EngineUnavailable."""
        return cast(SpeechSynthesizer, self._find("tts", engine))

    async def aligner(self, engine: str) -> Aligner:
        """The aligner with this public name. Raises EngineUnavailable."""
        return cast(Aligner, self._find("align", engine))

    async def chat_model(self, name: str) -> ChatModel:
        """The language model with this public id. Raises EngineUnavailable."""
        return cast(ChatModel, self._find("llm", name))

    async def video_generator(self, name: str) -> VideoGenerator:
        """The video model with this public name. Raises EngineUnavailable."""
        return cast(VideoGenerator, self._find("video", name))

    async def cards(self) -> Sequence[EngineCard]:
        """What runs."""
        return [card for replica in self._distinct() for card in await replica.cards()]

    def close(self) -> None:
        """Let go of the engine threads."""
        for replica in self._distinct():
            replica.close()

    def _distinct(self) -> list[Replica]:
        return list(dict.fromkeys(self._replicas.values()))

    def _find(self, task: Task, engine: str) -> Replica:
        replica = self._replicas.get((task, engine))
        if replica is None:
            raise EngineUnavailable()
        return replica
