"""The models of the cluster behind the Protocols of `serve_app.engines`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import cast, get_args

from deployments.asr.replica import pcm16
from deployments.handles import Applications, Live
from deployments.models import Task, application_name
from serve_app.engines import (
    NO_HINTS,
    Aligner,
    Alignment,
    Audio,
    ChatModel,
    ChatPart,
    ChatRequest,
    EngineCard,
    Hints,
    Progress,
    Speech,
    SpeechRecognizer,
    SpeechRequest,
    SpeechSynthesizer,
    Transcription,
    Video,
    VideoGenerator,
    VideoRequest,
)
from serve_app.errors import EngineUnavailable, KaleidoError

LARGE_BYTES = 1_000_000
"""From here on the object store is faster than gRPC (5 MB: 6.6 against 16 ms)."""
LIVE_TIMEOUT_S = 10.0
"""A caption later than this is of no use to anyone; the target for a final is 0.8 s."""
FILE_TIMEOUT_S = 120.0
"""A piece of a file waits behind all streams."""
SPEECH_PATIENCE_S = 300.0
"""A text may wait behind others without a word; one that is being spoken reports each step."""
ALIGN_TIMEOUT_S = 120.0
"""A recording waits behind others; ten minutes of speech take an engine some seconds."""
CHAT_PATIENCE_S = 600.0
"""An answer that is not streamed comes in one part, after a wait for a place."""
VIDEO_PATIENCE_S = 600.0
"""As for texts; a step of a full model on ten seconds of 720p takes a good part of a minute."""
CARD_TIMEOUT_S = 0.4
"""With the look at the controller it stays below the second that `/health` waits, whatever hangs."""

Cards = tuple[EngineCard, ...]


class ClusterModels:
    """`serve_app.backends.Models` over Serve applications `<task>-<name>`.

    Which public names an application answers for stands on its cards: usually its own, sometimes several.
    """

    def __init__(self) -> None:
        self._applications = Applications()
        self._cards: dict[str, tuple[float, Cards]] = {}
        self._where: dict[tuple[str, str], str] = {}
        self._latest: Sequence[EngineCard] = ()

    async def recognizer(self, engine: str) -> SpeechRecognizer:
        """The recogniser with this public name; whether it lives shows when it is called."""
        return ClusterRecognizer(self._applications, await self._application("asr", engine))

    async def synthesizer(self, engine: str) -> SpeechSynthesizer:
        """The synthesiser with this public name; whether it lives shows when it is called."""
        return ClusterSynthesizer(self._applications, await self._application("tts", engine))

    async def aligner(self, engine: str) -> Aligner:
        """The aligner with this public name; whether it lives shows when it is called."""
        return ClusterAligner(self._applications, await self._application("align", engine))

    async def chat_model(self, name: str) -> ChatModel:
        """The language model with this public id; whether it lives shows when it is called."""
        return ClusterChatModel(self._applications, await self._application("llm", name))

    async def video_generator(self, name: str) -> VideoGenerator:
        """The video model with this public name; whether it lives shows when it is called."""
        return ClusterVideoGenerator(self._applications, await self._application("video", name))

    async def cards(self) -> Sequence[EngineCard]:
        """What runs behind each public name that answers now; within a second. While the controller is away,
        what ran before: models answer without it."""
        try:
            live = await self._applications.live()
        except EngineUnavailable:
            return self._latest
        models = {name: status for name, status in live.items() if name.split("-")[0] in get_args(Task)}
        found = await asyncio.gather(*(self._cards_of(name, status) for name, status in models.items()))
        pairs = [(card, name) for name, cards in zip(models, found, strict=True) for card in cards]
        self._where = {(card.task, card.engine): name for card, name in pairs}
        self._latest = [card for card, _ in pairs]
        return self._latest

    async def _application(self, task: Task, engine: str) -> str:
        """The application that answers for a name, also one that came up a moment ago."""
        if (task, engine) not in self._where:
            await self.cards()
        return self._where.get((task, engine), application_name(task, engine))

    async def _cards_of(self, application: str, status: Live) -> Cards:
        """Asked once per deployment of the application: a model that is asked on and on never scales down."""
        deployed, cards = self._cards.get(application, (0.0, ()))
        if cards and deployed == status.deployed_at:
            return cards
        try:
            cards = await self._applications.call(application, "cards", timeout_s=CARD_TIMEOUT_S)
        except KaleidoError:
            return ()
        if status.settled:
            self._cards[application] = (status.deployed_at, cards)
        return cards


class ClusterRecognizer:
    """`serve_app.engines.SpeechRecognizer` over a Serve application."""

    def __init__(self, applications: Applications, name: str) -> None:
        self._applications = applications
        self._name = name

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


class ClusterSynthesizer:
    """`serve_app.engines.SpeechSynthesizer` over a Serve application."""

    def __init__(self, applications: Applications, name: str) -> None:
        self._applications = applications
        self._name = name

    def synthesize(self, request: SpeechRequest) -> AsyncGenerator[Progress | Speech, None]:
        """Progress, then the speech. Raises InvalidRequest, EngineUnavailable, SynthesisFailed."""
        return self._applications.stream(
            self._name, "synthesize", request, patience_s=SPEECH_PATIENCE_S, large=True
        )


class ClusterChatModel:
    """`serve_app.engines.ChatModel` over a Serve application."""

    def __init__(self, applications: Applications, name: str) -> None:
        self._applications = applications
        self._name = name

    def chat(self, request: ChatRequest) -> AsyncGenerator[ChatPart, None]:
        """The answer, part by part. Raises InvalidRequest, Saturated, EngineUnavailable, GenerationFailed."""
        return self._applications.stream(self._name, "chat", request, patience_s=CHAT_PATIENCE_S)


class ClusterVideoGenerator:
    """`serve_app.engines.VideoGenerator` over a Serve application."""

    def __init__(self, applications: Applications, name: str) -> None:
        self._applications = applications
        self._name = name

    def generate(self, request: VideoRequest) -> AsyncGenerator[Progress | bytes | Video, None]:
        """Progress, the MP4 in parts, its facts. Raises InvalidRequest, EngineUnavailable, VideoFailed."""
        return self._applications.stream(
            self._name, "generate", request, patience_s=VIDEO_PATIENCE_S, large=True
        )


class ClusterAligner:
    """`serve_app.engines.Aligner` over a Serve application."""

    def __init__(self, applications: Applications, name: str) -> None:
        self._applications = applications
        self._name = name

    async def align(self, audio: Audio, words: Sequence[str]) -> Alignment:
        """Words in 16 kHz audio. Raises EngineUnavailable, AlignmentFailed."""
        samples = pcm16(audio)
        answer = await self._applications.call(
            self._name,
            "align",
            samples,
            tuple(words),
            timeout_s=ALIGN_TIMEOUT_S,
            large=samples.nbytes > LARGE_BYTES,
        )
        return cast(Alignment, answer)
