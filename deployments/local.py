"""The models of a config inside this process: for tests and `make dev`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from deployments.config import ModelArgs, build_replica
from deployments.serving.task_row import Replica
from serve_app.engines import EngineCard, Model_co, Task
from serve_app.errors import EngineUnavailable


class LocalModels:
    """`serve_app.engines.Models` over replicas of this process."""

    def __init__(self, replicas: Mapping[tuple[str, str], Replica]) -> None:
        """`replicas` by task and public name."""
        self._replicas = replicas

    @classmethod
    def load(cls, rows: Iterable[ModelArgs]) -> LocalModels:
        """Load every model of a config. Raises EngineNotInstalled, EngineConfigError."""
        built = [(row, build_replica(row)) for row in rows]
        return cls({(row.task, name): replica for row, replica in built for name in row.public_names})

    async def start(self) -> None:
        """Make every model ready."""
        for replica in self._distinct():
            await replica.start()

    async def find(self, task: Task[Model_co], name: str) -> Model_co:
        """The model of this task with this public name. Raises EngineUnavailable."""
        replica = self._replicas.get((task.name, name))
        if replica is None:
            raise EngineUnavailable()
        return cast(Model_co, replica)

    async def cards(self) -> Sequence[EngineCard]:
        """What runs."""
        return [card for replica in self._distinct() for card in await replica.cards()]

    def close(self) -> None:
        """Let go of the engine threads."""
        for replica in self._distinct():
            replica.close()

    def _distinct(self) -> list[Replica]:
        return list(dict.fromkeys(self._replicas.values()))
