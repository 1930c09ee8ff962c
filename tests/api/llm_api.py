"""The API in front of scripted language models: in process, or on a port of its own where clients leave."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from serve_app.app import create_app
from serve_app.auth import Policy
from serve_app.backends import Backends
from serve_app.core.usage import COMPLETION_TOKENS, PROMPT_TOKENS
from tests.api.live_api import serving
from tests.fakes import ManualClock, ScriptedChat, ScriptedModels, open_backends, team_with_key

MODELS = "/api/llm/v1/models"
CHAT = "/api/llm/v1/chat/completions"


@dataclass
class LlmApi:
    """The API, a caller of it, and the model behind."""

    backends: Backends
    models: ScriptedModels
    chat: ScriptedChat
    """`qwen3-4b`."""
    http: httpx.AsyncClient
    team: str
    key: str

    @property
    def base_url(self) -> str:
        """What OpenAI's clients are given."""
        return f"{str(self.http.base_url).rstrip('/')}/api/llm/v1"

    async def used(self) -> tuple[float, float]:
        """Prompt and completion tokens of today."""
        limits = self.backends.limits
        return (
            await limits.usage_today(self.team, PROMPT_TOKENS),
            await limits.usage_today(self.team, COMPLETION_TOKENS),
        )

    def later(self) -> None:
        """The next look at the models is a fresh one."""
        assert isinstance(self.backends.clock, ManualClock)
        self.backends.clock.advance(5)


@asynccontextmanager
async def llm_api(folder: Path, *, on_a_port: bool = False, **settings: Any) -> AsyncIterator[LlmApi]:
    """Serve until the block ends."""
    model = ScriptedChat()
    models = ScriptedModels(chats={"qwen3-4b": model})
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(open_backends(folder, **settings))
        backends = replace(opened, models=models)
        team, key = await team_with_key(backends, Policy(requests_per_minute=100))
        app, url = create_app(backends), "http://api.test"
        transport: httpx.AsyncBaseTransport = httpx.ASGITransport(app)
        if on_a_port:
            url = f"http://127.0.0.1:{await stack.enter_async_context(serving(app))}"
            transport = httpx.AsyncHTTPTransport()
        http = httpx.AsyncClient(
            base_url=url, headers={"authorization": f"Bearer {key}"}, transport=transport, timeout=20
        )
        yield LlmApi(backends, models, model, await stack.enter_async_context(http), team.id, key)
