"""Backends for tests in one process: real store, keys and limits, scripted models, a manual clock."""

from __future__ import annotations

import asyncio
import secrets
import socket
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn, TypeVar, cast

import numpy as np

from serve_app.auth import KeyRing, Policy
from serve_app.backends import Backends
from serve_app.clock import utc_day
from serve_app.engines import (
    ALIGN,
    ASR,
    LLM,
    NO_HINTS,
    SAMPLE_RATE,
    TTS,
    VIDEO,
    AlignedWord,
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
    Task,
    Transcription,
    Usage,
    Video,
    VideoGenerator,
    VideoRequest,
)
from serve_app.errors import EngineUnavailable
from serve_app.flows.accounts.team_keys import TeamKeys
from serve_app.flows.accounts.teams import Team, Teams
from serve_app.limits import Limits
from serve_app.outbound.fetch import Fetcher
from serve_app.settings import Settings
from serve_app.stores.disk.files import DiskFiles
from serve_app.stores.sqlite.store import SqliteStore
from tests.engines.llm.tiny_chat import chunk, whole

Model = TypeVar("Model")

PEPPER = b"a pepper for tests"
HUM_RATE = 22_050
"""Hz; not the rate of any answer, so that what goes out is resampled."""
HUM_S = 0.05
NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody; reading the real ones takes 20 ms, for each test that opens backends."""
MIDDAY = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
"""Any instant far from midnight, so that a test that moves time by minutes stays on one UTC day."""


class ManualClock:
    """Time that moves when a test says so."""

    def __init__(self, now: float = MIDDAY) -> None:
        self._now = now

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._now

    def utc_date(self) -> str:
        return utc_day(self._now)

    def advance(self, seconds: float) -> None:
        self._now += seconds


@dataclass
class ScriptedRecognizer:
    """Answers with the scripted transcriptions in turn, then with silence; a scripted exception is raised."""

    script: list[Transcription | Exception] = field(default_factory=list)
    heard: list[tuple[int, bool]] = field(default_factory=list)
    """(samples, final) of every call."""

    async def transcribe(
        self, audio: Audio, *, final: bool, hints: Hints = NO_HINTS, live: bool = True
    ) -> Transcription:
        self.heard.append((len(audio), final))
        answer = self.script.pop(0) if self.script else Transcription((), 1.0)
        if isinstance(answer, Exception):
            raise answer
        return replace(answer, card=await self.card())

    async def card(self) -> EngineCard:
        return EngineCard(
            "typhoon", "scripted", embedded=True, note="for tests", task="asr", languages=("th",)
        )


@dataclass
class ScriptedSynthesizer:
    """Hums for each character of a text; a scripted speech or exception comes first, in turn."""

    name: str = "cosytts"
    languages: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    script: list[Speech | Exception] = field(default_factory=list)
    asked: list[SpeechRequest] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    """While not set, speech that is not scripted waits after its first progress."""
    cancelled: int = 0

    def __post_init__(self) -> None:
        self.open.set()

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[Progress | Speech, None]:
        self.asked.append(request)
        finished = False
        try:
            yield Progress("synthesis", 1, 2)
            if not self.script:
                await self.open.wait()
            speech = self.script.pop(0) if self.script else hum(request.text)
            finished = True
            if isinstance(speech, Exception):
                raise speech
            yield replace(speech, card=await self.card())
        finally:
            self.cancelled += not finished

    async def card(self) -> EngineCard:
        return EngineCard(
            self.name,
            "scripted",
            embedded=True,
            task="tts",
            languages=self.languages,
            speakers=self.speakers,
        )


@dataclass
class ScriptedAligner:
    """Answers with the scripted alignments in turn, then with words spread evenly, of confidence 0.9; a
    scripted exception is raised."""

    script: list[Alignment | Exception] = field(default_factory=list)
    asked: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    """(samples, words) of every call."""

    async def align(self, audio: Audio, words: Sequence[str]) -> Alignment:
        self.asked.append((len(audio), tuple(words)))
        answer = self.script.pop(0) if self.script else _evenly(len(audio) / SAMPLE_RATE, len(words))
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def card(self) -> EngineCard:
        return EngineCard("thai", "scripted", embedded=True, task="align", languages=("th",))


FILM = (b"\x00\x00\x00\x18ftypmp42", b"a film", b" of two parts")
"""What a scripted film is made of; the head of an MP4, so that it looks like one."""


@dataclass
class ScriptedVideoGenerator:
    """Films in two steps; a scripted sequence of items comes first, in turn, and raises exceptions in it."""

    name: str = "ltx23-distilled"
    script: list[Sequence[Progress | bytes | Video | Exception]] = field(default_factory=list)
    asked: list[VideoRequest] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    """While not set, a film waits after its first item."""
    cancelled: int = 0

    def __post_init__(self) -> None:
        self.open.set()

    async def generate(self, request: VideoRequest) -> AsyncGenerator[Progress | bytes | Video, None]:
        self.asked.append(request)
        finished = False
        try:
            for index, item in enumerate(self.script.pop(0) if self.script else self._film()):
                if index == 1:
                    await self.open.wait()
                if isinstance(item, Exception):
                    finished = True
                    raise item
                finished = isinstance(item, Video)
                yield item
            finished = True
        finally:
            self.cancelled += not finished

    def _film(self) -> Sequence[Progress | bytes | Video]:
        steps = [Progress("denoising", 1, 2), Progress("denoising", 2, 2)]
        return [*steps, *FILM, Video({"has_audio": True}, 1234.56, self._card())]

    async def card(self) -> EngineCard:
        return self._card()

    def _card(self) -> EngineCard:
        return EngineCard(self.name, "scripted", embedded=True, task="video")


HELLO = ("Hel", "lo ", "สวัสดี")
"""What a scripted chat says."""


@dataclass
class ScriptedChat:
    """Says hello, a chunk at a time or whole; scripted answers come first, and raise exceptions in them."""

    name: str = "qwen3-4b"
    script: list[Sequence[ChatPart | Exception]] = field(default_factory=list)
    asked: list[ChatRequest] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    """While not set, an answer waits after its first `parts_before` parts."""
    parts_before: int = 0
    given: int = 0
    """Parts of all answers."""
    aborted: int = 0

    def __post_init__(self) -> None:
        self.open.set()

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatPart, None]:
        self.asked.append(request)
        finished = False
        try:
            for index, part in enumerate(self.script.pop(0) if self.script else _hello(request)):
                if index == self.parts_before:
                    await self.open.wait()
                if isinstance(part, Exception):
                    finished = True
                    raise part
                self.given += 1
                await asyncio.sleep(0)  # as any engine does between two steps
                yield part
            finished = True
        finally:
            self.aborted += not finished

    async def card(self) -> EngineCard:
        return EngineCard(
            self.name, "scripted", embedded=True, task="llm", context_tokens=4096, loaded_at=1_700_000_000
        )


def _hello(request: ChatRequest) -> Sequence[ChatPart]:
    usage = Usage(prompt_tokens=9, completion_tokens=len(HELLO))
    if not request.stream:
        total = {"prompt_tokens": 9, "completion_tokens": len(HELLO), "total_tokens": 9 + len(HELLO)}
        return [ChatPart((whole("".join(HELLO), usage=total),), usage)]
    return [*(ChatPart((chunk(text),)) for text in HELLO), ChatPart((), usage)]


def _evenly(seconds: float, words: int) -> Alignment:
    edges = np.linspace(0, seconds, words + 1).round(3).tolist()
    return Alignment(tuple(AlignedWord(start, end, 0.9) for start, end in pairwise(edges)), 1.0)


def hum(text: str) -> Speech:
    """A tone of 440 Hz, 50 ms for each character."""
    time = np.arange(round(HUM_S * HUM_RATE) * len(text)) / HUM_RATE
    samples = (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    return Speech(samples, HUM_RATE, {"tune": "hum"}, 12.0)


class ScriptedDetector:
    """Gives the scripted probabilities in turn, then silence."""

    name = "scripted"

    def __init__(self, probabilities: Iterable[float] = ()) -> None:
        self._script = list(probabilities)

    def speech_probability(self, frame: Audio) -> float:
        return self._script.pop(0) if self._script else 0.0

    def reset(self) -> None:
        self._script.clear()


@dataclass
class ScriptedModels:
    """Models by public name."""

    recognizers: dict[str, SpeechRecognizer] = field(default_factory=dict)
    synthesizers: dict[str, SpeechSynthesizer] = field(default_factory=dict)
    aligners: dict[str, Aligner] = field(default_factory=dict)
    chats: dict[str, ChatModel] = field(default_factory=dict)
    video_generators: dict[str, VideoGenerator] = field(default_factory=dict)

    async def find(self, task: Task[Model], name: str) -> Model:
        found = self._by_task()[task.name]
        if name not in found:
            raise EngineUnavailable
        return cast(Model, found[name])

    async def cards(self) -> Sequence[EngineCard]:
        return [await model.card() for models in self._by_task().values() for model in models.values()]

    def _by_task(self) -> Mapping[str, dict[str, Any]]:
        return {
            ASR.name: self.recognizers,
            TTS.name: self.synthesizers,
            ALIGN.name: self.aligners,
            LLM.name: self.chats,
            VIDEO.name: self.video_generators,
        }


def no_network(*host: object) -> NoReturn:
    """Resolves nothing: a test that fetches brings a Fetcher of its own."""
    raise socket.gaierror("no network in tests")


@asynccontextmanager
async def open_backends(folder: Path, **settings: Any) -> AsyncIterator[Backends]:
    """Backends on a SQLite file in `folder`; the clock is a ManualClock that moves the store too."""
    clock = ManualClock()
    store = SqliteStore(folder / "store.sqlite3", clock=clock)
    configured = Settings(data=folder, **settings)
    fetch = Fetcher(resolver=no_network, tls=NO_AUTHORITIES)
    try:
        yield Backends(
            settings=configured,
            store=store,
            files=DiskFiles(folder / "files", store),
            fetch=fetch,
            models=ScriptedModels({"typhoon": ScriptedRecognizer()}),
            keys=KeyRing(store, PEPPER, clock),
            limits=Limits(store, clock, configured.session_lease_s),
            clock=clock,
            new_detector=ScriptedDetector,
        )
    finally:
        await fetch.close()
        await store.close()


async def team_with_key(backends: Backends, policy: Policy | None = None) -> tuple[Team, str]:
    """A new team and one raw key of it."""
    policy = policy or Policy()
    teams = Teams(backends.store, backends.keys)
    name = f"school {secrets.token_hex(8)}"
    team, _ = await teams.create(name, "owner@example.com", "default", policy)
    _, raw = await TeamKeys(backends.store, backends.keys, team).create("tests", policy)
    return team, raw.reveal()
