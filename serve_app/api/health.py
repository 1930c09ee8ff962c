"""Health: whether the front answers, and what really runs behind each public engine name (RT-35)."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from serve_app.http.dependencies import BackendsDep


class Engine(BaseModel):
    """An engine that answers now."""

    engine: str
    impl: str
    embedded: bool
    note: str
    task: str
    languages: tuple[str, ...]
    speakers: tuple[str, ...]


class Health(BaseModel):
    """The front is alive; an engine that is not ready is absent from the list."""

    status: str = "ok"
    engines: list[Engine]


router = APIRouter(tags=["health"])


@router.get("/health")
async def health(backends: BackendsDep) -> Health:
    """Needs no key."""
    found = await backends.cards.current()
    return Health(engines=[Engine.model_validate(card, from_attributes=True) for card in found])
