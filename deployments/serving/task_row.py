"""What a task is to the cluster: how its models are built, bounded and called."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from serve_app.engines import EngineCard, Task

LARGE_BYTES = 1_000_000
"""From here on the object store is faster than gRPC (5 MB: 6.6 against 16 ms)."""
WAITING_JOBS = 100
"""Far more than dispatchers hand to one replica, so that the question for its card never waits behind texts,
readings of them or videos: a new gateway would take the model for dead."""

Model_co = TypeVar("Model_co", covariant=True)


class Replica(Protocol):
    """An engine and what stands around it. It also has the verbs of its task's Protocol."""

    async def start(self) -> None:
        """Become ready, in the event loop that calls come from; once, before all of them."""
        ...

    async def cards(self) -> tuple[EngineCard, ...]:
        """What really runs, once for each public name."""
        ...

    def check_health(self) -> None:
        """Raise RuntimeError when the engine is dead or hangs, so that the replica is replaced."""
        ...

    def close(self) -> None:
        """Let go of threads and processes; a second time changes nothing."""
        ...


class Remote(Protocol):
    """The replicas of one model, wherever they run."""

    async def call(
        self, method: str, *args: Any, timeout_s: float, large: bool = False, **kwargs: Any
    ) -> Any:
        """The answer of a replica's method; `large` for arguments above `LARGE_BYTES`. Raises its
        KaleidoError, or EngineUnavailable; cancelling cancels the callee."""
        ...

    def stream(
        self, method: str, *args: Any, patience_s: float, large: bool = False
    ) -> AsyncGenerator[Any, None]:
        """The items of an async generator method, none later than `patience_s` after the one before. Raises
        as `call`; closing it cancels the callee."""
        ...


@dataclass(frozen=True, slots=True)
class TaskRow(Generic[Model_co]):
    """A row of `deployments.tasks`."""

    task: Task[Model_co]
    replica: Callable[..., Replica]
    """A class: called with an engine, the public names it answers for, and `replica` of the config row."""
    remote: Callable[[Remote], Model_co]
    """The task's Protocol over replicas elsewhere."""
    in_flight: Callable[[Mapping[str, Any]], int] = lambda replica: WAITING_JOBS
    """How many calls a replica may hold before the next goes to another, by `replica` of the config row."""
