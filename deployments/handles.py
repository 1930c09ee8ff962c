"""The models of the cluster behind the Protocols of `serve_app.engines`, called through Serve handles.

Measured on Ray Serve 2.60: a look-up blocks for 6.6 ms, so it happens in a thread and is kept, and a kept
handle works again when its application is deleted and comes back; gRPC (`_by_reference=False`) has 30 % less
latency than the object store below about 1 MB, and more above.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn, cast, get_args

import grpc
from ray import serve
from ray.exceptions import RayActorError, RayError, RayTaskError
from ray.serve.exceptions import RayServeException
from ray.serve.handle import DeploymentHandle
from ray.serve.schema import ApplicationStatus, ApplicationStatusOverview

from deployments.asr.replica import pcm16
from deployments.models import Task, application_name
from serve_app.engines import (
    NO_HINTS,
    Audio,
    EngineCard,
    Hints,
    Speech,
    SpeechRecognizer,
    SpeechSynthesizer,
    Transcription,
)
from serve_app.errors import EngineUnavailable, KaleidoError

LARGE_BYTES = 1_000_000
"""From here on the object store is faster than gRPC (5 MB: 6.6 against 16 ms)."""
LIVE_TIMEOUT_S = 10.0
"""A caption later than this is of no use to anyone; the target for a final is 0.8 s."""
FILE_TIMEOUT_S = 120.0
"""A piece of a file waits behind all streams."""
SYNTHESIZE_TIMEOUT_S = 120.0
STATUS_TIMEOUT_S = 0.5
CARD_TIMEOUT_S = 0.4
"""Together they stay below the second that `/health` waits, whatever hangs."""
LOST = (RayError, RayServeException, grpc.RpcError, TimeoutError)
"""How a missing application, a dead replica, a full queue or a dead controller shows."""

log = logging.getLogger(__name__)


class Applications:
    """Calls methods of other Serve applications by name."""

    def __init__(self) -> None:
        self._handles: dict[str, DeploymentHandle[Any]] = {}
        self._looking_up = asyncio.Lock()
        # Its own threads: look-ups that hang with the controller must not starve the loop's other work.
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="serve-lookup")

    async def call(
        self, application: str, method: str, *args: Any, timeout_s: float, large: bool = False, **kwargs: Any
    ) -> Any:
        """The method's answer. Raises its KaleidoError, or EngineUnavailable; cancelling cancels the callee.

        A replica that died under the call is not the end: another one is asked, once, at once.
        """
        try:
            async with asyncio.timeout(timeout_s):
                try:
                    return await self._call_once(application, method, large, args, kwargs)
                except RayActorError:
                    return await self._call_once(application, method, large, args, kwargs)
        except LOST as error:
            log.warning("%s.%s is unavailable: %s", application, method, type(error).__name__)
            raise EngineUnavailable() from error

    async def live(self) -> dict[str, ApplicationStatusOverview]:
        """Applications that answer now. Raises EngineUnavailable when the controller does not say."""
        try:
            async with asyncio.timeout(STATUS_TIMEOUT_S):
                status = await self._in_thread(serve.status)
        except LOST as error:
            raise EngineUnavailable() from error
        return {name: overview for name, overview in status.applications.items() if _answers(overview)}

    async def _call_once(
        self, application: str, method: str, large: bool, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        handle = await self._handle(application)
        method_of = handle.options(method_name=method, _by_reference=large)
        try:
            return await method_of.remote(*args, **kwargs)
        except (KaleidoError, RayTaskError) as error:
            _raise_cause(error)
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
                self._handles[application] = await self._in_thread(serve.get_app_handle, application)
            return self._handles[application]

    async def _in_thread(self, function: Any, *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)


class ClusterModels:
    """`serve_app.backends.Models` over the Serve applications `asr-<engine>` and `tts-<engine>`."""

    def __init__(self) -> None:
        self._applications = Applications()
        self._cards: dict[str, tuple[float, EngineCard]] = {}

    async def recognizer(self, engine: str) -> SpeechRecognizer:
        """The recogniser with this public name; whether it lives shows when it is called."""
        return ClusterRecognizer(self._applications, application_name("asr", engine))

    async def synthesizer(self, engine: str) -> SpeechSynthesizer:
        """The synthesiser with this public name; whether it lives shows when it is called."""
        return ClusterSynthesizer(self._applications, application_name("tts", engine))

    async def cards(self) -> Sequence[EngineCard]:
        """What runs behind each model application that answers now; within a second."""
        try:
            live = await self._applications.live()
        except EngineUnavailable:
            return []
        models = {name: status for name, status in live.items() if name.split("-")[0] in get_args(Task)}
        cards = await asyncio.gather(*(self._card(name, status) for name, status in models.items()))
        return [card for card in cards if card is not None]

    async def _card(self, application: str, status: ApplicationStatusOverview) -> EngineCard | None:
        """Asked once per deployment of the application: a model that is asked on and on never scales down."""
        deployed, card = self._cards.get(application, (0.0, None))
        if card is not None and deployed == status.last_deployed_time_s:
            return card
        try:
            card = await _ClusterModel(self._applications, application).card()
        except KaleidoError:
            return None
        if status.status == ApplicationStatus.RUNNING:
            self._cards[application] = (status.last_deployed_time_s, card)
        return card


class _ClusterModel:
    def __init__(self, applications: Applications, name: str) -> None:
        self._applications = applications
        self._name = name

    async def card(self) -> EngineCard:
        """What really runs. Raises EngineUnavailable."""
        return cast(EngineCard, await self._applications.call(self._name, "card", timeout_s=CARD_TIMEOUT_S))


class ClusterRecognizer(_ClusterModel):
    """`serve_app.engines.SpeechRecognizer` over a Serve application."""

    async def transcribe(
        self, audio: Audio, *, final: bool, hints: Hints = NO_HINTS, live: bool = True
    ) -> Transcription:
        """Words of 16 kHz audio. Raises InvalidRequest, EngineUnavailable, DecodeFailed."""
        samples = pcm16(audio)
        answer = await self._applications.call(
            self._name,
            "transcribe",
            samples,
            final=final,
            hints=hints,
            live=live,
            timeout_s=LIVE_TIMEOUT_S if live else FILE_TIMEOUT_S,
            large=samples.nbytes > LARGE_BYTES,
        )
        return cast(Transcription, answer)


class ClusterSynthesizer(_ClusterModel):
    """`serve_app.engines.SpeechSynthesizer` over a Serve application."""

    async def synthesize(self, text: str, *, language: str, voice: str) -> Speech:
        """Speak a text; speech is large, so by the object store. Raises InvalidRequest, EngineUnavailable."""
        answer = await self._applications.call(
            self._name,
            "synthesize",
            text,
            language=language,
            voice=voice,
            timeout_s=SYNTHESIZE_TIMEOUT_S,
            large=True,
        )
        return cast(Speech, answer)


def _answers(application: ApplicationStatusOverview) -> bool:
    """Running, or at least one replica still answers while another one is being deployed."""
    running = any("RUNNING" in deployment.replica_states for deployment in application.deployments.values())
    return running or application.status == ApplicationStatus.RUNNING


def _raise_cause(error: Exception) -> NoReturn:
    """Ray wraps a replica's error in one whose text is a remote stack trace; callers get the error itself."""
    cause = getattr(error, "cause", error)
    if isinstance(cause, KaleidoError):
        raise cause from None
    raise error
