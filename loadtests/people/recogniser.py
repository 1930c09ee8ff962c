"""Recognisers as users meet them: through `POST /v1/audio/transcriptions`, of a server or in this process."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import httpx

from deployments.bootstrap import build_backends
from deployments.config import ModelArgs, model_rows, read_config
from deployments.local import LocalModels
from loadtests.job_client import JobClient, JobFailed
from loadtests.team import load_test_team
from serve_app.app import create_app
from serve_app.settings import Settings

ROUTE = "/v1/audio/transcriptions"
NOWHERE = "http://in.process"
"""httpx wants an origin, and no port leads to an app in this process."""


class UnknownEngine(ValueError):
    """An engine that nobody serves; the message names those there are."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The answer to one recording."""

    text: str
    language: str
    """ISO 639-1, as told or as found; empty when nothing was heard."""
    seconds: float
    """Of the recording, as the server counts."""
    elapsed_s: float
    """From the request to the answer."""
    refusal: str = ""
    """Why there is no text at all."""


class Transcriptions(JobClient):
    """Of one key."""

    async def impls(self) -> Mapping[str, str]:
        """What really runs behind each public name of a recogniser. Raises JobFailed."""
        engines = (await self._json("GET", "/health"))["engines"]
        return {each["engine"]: each["impl"] for each in engines if each["task"] == "asr"}

    async def transcribe(self, name: str, content: bytes, engine: str, language: str) -> Heard:
        """One file; without a language it is found out."""
        fields = {"model": engine, "language": language, "response_format": "verbose_json"}
        started = time.perf_counter()
        try:
            answer = await self._json("POST", ROUTE, data=fields, files={"file": (name, content)})
        except JobFailed as refused:
            return Heard("", "", 0.0, time.perf_counter() - started, str(refused))
        elapsed_s = time.perf_counter() - started
        return Heard(answer["text"], answer["language"], answer["duration"], elapsed_s)


@dataclass(frozen=True, slots=True)
class Place:
    """Which engines, and where they are."""

    engine: tuple[str, ...]
    config: Path | None
    url: str
    key: str
    data: Path

    @asynccontextmanager
    async def client(self) -> AsyncIterator[tuple[Transcriptions, Mapping[str, str]]]:
        """A client, and what really runs behind the engines in their order.

        Raises UnknownEngine, JobFailed, NoServerData, KaleidoError, and for a config what loading raises:
        EngineNotInstalled, ValueError.
        """
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(self._in_process() if self.config else self._server())
            running = await client.impls()
            if unknown := [name for name in self.engine if name not in running]:
                raise UnknownEngine(f"no recogniser {', '.join(unknown)}; there are: {', '.join(running)}")
            yield client, {name: running[name] for name in self.engine}

    @asynccontextmanager
    async def _server(self) -> AsyncIterator[Transcriptions]:
        async with AsyncExitStack() as stack:
            key = self.key or (await stack.enter_async_context(load_test_team(self.data))).key
            yield await stack.enter_async_context(Transcriptions(self.url, key))

    @asynccontextmanager
    async def _in_process(self) -> AsyncIterator[Transcriptions]:
        models = LocalModels.load(self._rows())
        async with AsyncExitStack() as stack:
            stack.callback(models.close)
            folder = Path(stack.enter_context(TemporaryDirectory()))
            await models.start()
            backends = build_backends(Settings(data=folder), models)
            stack.push_async_callback(backends.close)
            team = await stack.enter_async_context(load_test_team(folder))
            app = httpx.ASGITransport(create_app(backends))
            yield await stack.enter_async_context(Transcriptions(NOWHERE, team.key, transport=app))

    def _rows(self) -> list[ModelArgs]:
        """The recognisers that are asked for, and no other model."""
        assert self.config
        rows = [row for row in model_rows(read_config(self.config)) if row.task == "asr"]
        return [row for row in rows if set(row.public_names) & set(self.engine)]


PLACE_OPTIONS = (
    click.option("--engine", multiple=True, default=("whisper",), show_default=True, help="Repeatable."),
    click.option(
        "--config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Run the rows of these engines in this process, instead of asking a server.",
    ),
    click.option("--url", default="http://127.0.0.1:8000", show_default=True, envvar="BASE"),
    click.option("--key", default="", envvar="KEY", help="Without one, a key is made in --data."),
    click.option("--data", default=".kaleido", show_default=True, type=click.Path(path_type=Path)),
)


def place_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that a Place is made of."""
    for option in reversed(PLACE_OPTIONS):
        command = option(command)
    return command
