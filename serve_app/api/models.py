"""Every model of this service for OpenAI clients: `GET /v1/models` (RT-56, RT-57).

OpenAI's base URL here is `/v1`: what is not known below it is told in OpenAI's form (OAI-011).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel

from serve_app.backends import Backends
from serve_app.core.speech.openai_names import ALIASES, TRANSCRIBER
from serve_app.core.video.rules import VARIANTS
from serve_app.engines import EngineCard
from serve_app.errors import ModelNotFound
from serve_app.http.dependencies import BackendsDep, CallerDep
from serve_app.http.error_forms import OPENAI
from serve_app.http.surface import surface
from serve_app.settings import Settings

router = surface("/v1", "models", OPENAI)


class Model(BaseModel):
    """A model as OpenAI's clients read it."""

    id: str
    """What `model` of a request may be."""
    object: Literal["model"] = "model"
    created: int
    """Unix seconds since when it is there."""
    owned_by: str
    task: str
    """`asr`, `tts`, `llm` and `video` are asked for by id; `align` works behind readings."""
    max_model_len: int | None = None
    """Of language models: tokens of prompt and answer together."""


class ModelList(BaseModel):
    """By id."""

    object: Literal["list"] = "list"
    data: list[Model]


@router.get("/models", response_model_exclude_none=True)
async def list_models(caller: CallerDep, backends: BackendsDep) -> ModelList:
    """The models of every task that answer now, under each name that a request may give them."""
    return ModelList(data=list((await _living(backends)).values()))


@router.get("/models/{model:path}", response_model_exclude_none=True)
async def retrieve_model(caller: CallerDep, backends: BackendsDep, model: str) -> Model:
    """One of them."""
    found = await _living(backends)
    if model not in found:
        raise ModelNotFound(f"There is no model {model[:100]!r}; there are: {', '.join(found) or 'none'}.")
    return found[model]


async def _living(backends: Backends) -> dict[str, Model]:
    models = {
        name: _model(name, card, backends.settings)
        for card in await backends.cards.current()
        for name in names_of(card, backends.settings)
    }
    return dict(sorted(models.items()))


def names_of(card: EngineCard, settings: Settings) -> Sequence[str]:
    """The names that requests may give a model: its own, and those that many clients have built in."""
    match card.task:
        case "asr" if card.engine == settings.transcribe_engine:
            return (card.engine, TRANSCRIBER)
        case "tts":
            return (card.engine, *ALIASES)
        case "video":
            return [name for name, variant in VARIANTS.items() if variant == card.engine]
    return (card.engine,)


def _model(name: str, card: EngineCard, settings: Settings) -> Model:
    return Model(
        id=name,
        created=card.loaded_at,
        owned_by=settings.llm_owned_by,
        task=card.task,
        max_model_len=card.context_tokens or None,
    )
