"""Language models for OpenAI clients, below their own base URL and below `/v1`: RT-06, RT-07, RT-58."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response

from serve_app.api.llm.answers import streamed, whole
from serve_app.api.llm.models import Model, ModelList, described, live_model, live_models
from serve_app.api.llm.requests import ChatBody
from serve_app.engines import LLM
from serve_app.flows.chat import chat
from serve_app.http.dependencies import BackendsDep, CallerDep
from serve_app.http.error_forms import OPENAI
from serve_app.http.surface import surface

router = surface("/api/llm/v1", "llm", OPENAI)
at_v1 = surface("/v1", "llm", OPENAI)
CHAT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A `chat.completion`, or a stream of its chunks.",
        "content": {"application/json": {}, "text/event-stream": {}},
    }
}


@router.get("/models")
async def list_models(caller: CallerDep, backends: BackendsDep) -> ModelList:
    """The models that answer now."""
    found = await live_models(backends)
    return ModelList(data=[described(card, backends.settings) for card in found.values()])


@router.get("/models/{model:path}")
async def retrieve_model(caller: CallerDep, backends: BackendsDep, model: str) -> Model:
    """One of them."""
    card = await live_model(backends, model)
    return described(card, backends.settings)


@router.post("/chat/completions", response_class=Response, responses=CHAT)
@at_v1.post("/chat/completions", response_class=Response, responses=CHAT)
async def create_chat_completion(
    request: Request, caller: CallerDep, backends: BackendsDep, body: ChatBody
) -> Response:
    """Go on with a conversation. Leaving aborts the generation (LLM-010)."""
    asked = body.request(caller.team_id, backends.settings.llm_max_choices)
    card = await live_model(backends, body.model)
    model = await backends.models.find(LLM, card.engine)
    parts = chat(model, asked, backends.limits)
    return await (streamed if asked.stream else whole)(request, parts)


router.add(at_v1)
