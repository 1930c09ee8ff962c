"""Methods of other Serve applications, called through Serve handles.

Measured on Ray Serve 2.60: a look-up blocks for 6.6 ms, so it happens in a thread and is kept, and a kept
handle works again when its application is deleted and comes back; gRPC (`_by_reference=False`) has 30 % less
latency than the object store below about 1 MB, and more above.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import grpc
from ray import serve
from ray.exceptions import RayActorError, RayError, RayTaskError
from ray.serve.exceptions import RayServeException
from ray.serve.handle import DeploymentHandle
from ray.serve.schema import ApplicationStatus, ApplicationStatusOverview

from serve_app.errors import EngineUnavailable, KaleidoError

STATUS_TIMEOUT_S = 0.5
LOST = (RayError, RayServeException, grpc.RpcError, TimeoutError)
"""How a missing application, a dead replica, a full queue or a dead controller shows."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Live:
    """An application that answers."""

    deployed_at: float
    settled: bool
    """False while it is being replaced or mended."""
    deployments: frozenset[str]
    """Their names."""


class Applications:
    """Calls methods of other Serve applications by name."""

    def __init__(self) -> None:
        self._handles: dict[str, DeploymentHandle[Any]] = {}
        self._looking_up = asyncio.Lock()
        # Their own threads: look-ups that hang with the controller must not starve the loop's other work. And
        # one for each kind: two calls of serve.status at a time break each other inside Ray 2.60.
        self._lookups = ThreadPoolExecutor(1, thread_name_prefix="serve-lookup")
        self._statuses = ThreadPoolExecutor(1, thread_name_prefix="serve-status")

    async def call(
        self, application: str, method: str, *args: Any, timeout_s: float, large: bool = False, **kwargs: Any
    ) -> Any:
        """The method's answer. Raises its KaleidoError, or EngineUnavailable; cancelling cancels the callee.

        A replica that died under the call is not the end: another one is asked, once, at once.
        """
        with _public_errors(application, method):
            async with asyncio.timeout(timeout_s):
                try:
                    return await self._call_once(application, method, large, args, kwargs)
                except RayActorError:
                    return await self._call_once(application, method, large, args, kwargs)

    async def stream(
        self, application: str, method: str, *args: Any, patience_s: float, large: bool = False
    ) -> AsyncGenerator[Any, None]:
        """The items of an async generator method; of small ones gRPC carries four times as many. Raises its
        KaleidoError, or EngineUnavailable, also when no item comes for `patience_s`; closing the iterator
        cancels the callee."""
        with _public_errors(application, method):
            handle = await self._handle(application)
            items = handle.options(method_name=method, stream=True, _by_reference=large).remote(*args)
            try:
                while True:
                    async with asyncio.timeout(patience_s):
                        item = await anext(items)
                    yield item
            except StopAsyncIteration:
                return
            finally:
                items.cancel()

    async def live(self) -> dict[str, Live]:
        """Applications that answer now. Raises EngineUnavailable when the controller does not say."""
        try:
            async with asyncio.timeout(STATUS_TIMEOUT_S):
                status = await _in_thread(self._statuses, serve.status)
        except LOST as error:
            raise EngineUnavailable() from error
        return {
            name: Live(
                found.last_deployed_time_s,
                found.status == ApplicationStatus.RUNNING,
                frozenset(found.deployments),
            )
            for name, found in status.applications.items()
            if _answers(found)
        }

    async def _call_once(
        self, application: str, method: str, large: bool, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        handle = await self._handle(application)
        method_of = handle.options(method_name=method, _by_reference=large)
        try:
            return await method_of.remote(*args, **kwargs)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # Nobody cancelled us: the replica gave the call up while it was being stopped.
            raise TimeoutError from None

    async def _handle(self, application: str) -> DeploymentHandle[Any]:
        """One handle for each application: each has a router of its own, which methods share."""
        async with self._looking_up:
            if application not in self._handles:
                self._handles[application] = await _in_thread(
                    self._lookups, serve.get_app_handle, application
                )
            return self._handles[application]


@dataclass(frozen=True, slots=True)
class Application:
    """One of them: implements `deployments.serving.task_row.Remote`."""

    applications: Applications
    name: str

    async def call(
        self, method: str, *args: Any, timeout_s: float, large: bool = False, **kwargs: Any
    ) -> Any:
        """See `Applications.call`."""
        return await self.applications.call(
            self.name, method, *args, timeout_s=timeout_s, large=large, **kwargs
        )

    def stream(
        self, method: str, *args: Any, patience_s: float, large: bool = False
    ) -> AsyncGenerator[Any, None]:
        """See `Applications.stream`."""
        return self.applications.stream(self.name, method, *args, patience_s=patience_s, large=large)


async def _in_thread(threads: ThreadPoolExecutor, function: Any, *args: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(threads, function, *args)


@contextmanager
def _public_errors(application: str, method: str) -> Iterator[None]:
    """Ray wraps a replica's error in one whose text is a remote stack trace; callers get the error itself.
    Whatever else goes wrong on the way is an unavailable engine."""
    try:
        yield
    except RayTaskError as error:
        if isinstance(error.cause, KaleidoError):
            raise error.cause from None
        _unavailable(application, method, error)
    except LOST as error:
        _unavailable(application, method, error)


def _unavailable(application: str, method: str, error: BaseException) -> NoReturn:
    log.warning("%s.%s is unavailable: %s", application, method, type(error).__name__)
    raise EngineUnavailable() from error


def _answers(application: ApplicationStatusOverview) -> bool:
    """Running, or at least one replica still answers while another one is being deployed."""
    running = any("RUNNING" in deployment.replica_states for deployment in application.deployments.values())
    return running or application.status == ApplicationStatus.RUNNING
