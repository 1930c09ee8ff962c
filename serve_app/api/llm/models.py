"""The language models that answer now (LLM-002, LLM-004, LLM-008)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel

from serve_app.backends import Backends
from serve_app.engines import LLM, EngineCard
from serve_app.errors import EngineUnavailable, ModelNotFound
from serve_app.settings import Settings


class Model(BaseModel):
    """A model as OpenAI's clients read it."""

    id: str
    object: Literal["model"] = "model"
    created: int
    """Unix seconds since when it is there."""
    owned_by: str
    max_model_len: int
    """Tokens of prompt and answer together; ours, under the name that vLLM gave it."""


class ModelList(BaseModel):
    """JSON 8."""

    object: Literal["list"] = "list"
    data: list[Model]


def described(card: EngineCard, settings: Settings) -> Model:
    """The model of a card."""
    return Model(
        id=card.engine,
        created=card.loaded_at,
        owned_by=settings.llm_owned_by,
        max_model_len=card.context_tokens,
    )


async def live_models(backends: Backends) -> Mapping[str, EngineCard]:
    """What answers now, by public id, in the order of the ids."""
    return dict(sorted((await backends.cards.of(LLM)).items()))


async def live_model(backends: Backends, name: str) -> EngineCard:
    """Raises ModelNotFound, and EngineUnavailable for a model that the settings promise."""
    found = await live_models(backends)
    if name in found:
        return found[name]
    if name in backends.settings.llm_models:
        raise EngineUnavailable
    raise ModelNotFound(f"There is no model {name[:100]!r}; there are: {', '.join(found) or 'none'}.")
