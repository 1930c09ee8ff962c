"""An explicit null is a field left out, on every route that takes JSON: ERR-021."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_args

import httpx
import pytest
from fastapi import FastAPI
from fastapi.params import Form
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError

from serve_app.api.thai_asr.messages import parse
from serve_app.app import create_app
from serve_app.auth import Policy
from serve_app.backends import Backends
from serve_app.errors import InvalidMessage
from serve_app.flows.accounts.teams import Teams
from serve_app.http.json_body import JsonBody
from tests.fakes import team_with_key

MEMBER = "x@example.com"
"""In the team already, so that no answer differs from the one before it."""
CHAT: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
BODIES: dict[str, dict[str, Any]] = {
    "POST /api/admin/v1/keys": {},
    "PATCH /api/admin/v1/keys/{prefix}": {},
    "POST /api/admin/v1/members": {"email": MEMBER},
    "POST /api/llm/v1/chat/completions": CHAT,
    "POST /v1/chat/completions": CHAT,
    "POST /api/ltx23/v1/videos/generations": {"prompt": "x", "image": {"url": "/uploads/x.png"}},
    "POST /api/thai-asr/sessions": {},
    "POST /api/tts/v1/audio/speech": {"text": "x"},
    "POST /v1/audio/speech": {"input": "x", "model": "tts-1"},
}
"""The least that each route takes."""


def models_in(annotation: Any) -> set[type[BaseModel]]:
    """Those that an annotation names, and those of their fields."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        inner = (models_in(field.annotation) for field in annotation.model_fields.values())
        return {annotation}.union(*inner)
    return set[type[BaseModel]]().union(*map(models_in, get_args(annotation)))


def json_routes(app: FastAPI) -> Iterator[tuple[str, set[type[BaseModel]]]]:
    """`METHOD path`, and the models of its body."""
    for route in app.routes:
        if (
            isinstance(route, APIRoute)
            and (body := route.body_field)
            and not isinstance(body.field_info, Form)
        ):
            models = models_in(body.field_info.annotation)
            yield from ((f"{method} {route.path}", models) for method in route.methods or ())


def test_every_json_route_has_the_one_rule(backends: Backends) -> None:
    """ERR-021: its models, and those inside of them, stand on the base that leaves nulls out."""
    routes = dict(json_routes(create_app(backends)))
    assert set(routes) == set(BODIES)
    for models in routes.values():
        assert models
        assert all(issubclass(model, JsonBody) for model in models)


@pytest.fixture
async def signed(app: FastAPI, client: httpx.AsyncClient, backends: Backends) -> httpx.AsyncClient:
    """A team's key, and one of its members."""
    _, key = await team_with_key(backends, Policy(requests_per_minute=100_000))
    _, token = await Teams(backends.store, backends.keys).create("x", MEMBER, "default", Policy())
    client.headers.update({"x-api-key": key, "authorization": f"Bearer {token.reveal()}"})
    return client


@pytest.mark.parametrize("route", BODIES)
async def test_null_is_left_out(
    app: FastAPI, signed: httpx.AsyncClient, route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ERR-021: each optional field, one by one, is answered like the body without it."""
    monkeypatch.setattr("serve_app.api.admin.REQUESTS_PER_MINUTE", 1_000)
    method, path = route.split(" ")
    least, models = BODIES[route], dict(json_routes(app))[route]
    known = {field for model in models for field in model.model_fields}
    without = await signed.request(method, path, json=least)
    for field in sorted(known - set(least)):
        answer = await signed.request(method, path, json={**least, field: None})
        assert (answer.status_code, outcome(answer)) == (without.status_code, outcome(without)), field


def outcome(answer: httpx.Response) -> Any:
    """Why it was refused, or that it was not."""
    body = answer.json() if answer.status_code >= 400 else {}
    told = body.get("error")
    return (told["code"], told["message"]) if isinstance(told, dict) else (body.get("code"), told)


@pytest.mark.parametrize("route", [route for route, least in BODIES.items() if least])
async def test_a_null_that_is_needed_is_named(signed: httpx.AsyncClient, route: str) -> None:
    """ERR-021, ERR-010: as when it is missing."""
    method, path = route.split(" ")
    for field in BODIES[route]:
        answer = await signed.request(method, path, json={**BODIES[route], field: None})
        assert answer.status_code == 400
        assert outcome(answer)[1] == f"{field}: Field required"


@pytest.mark.parametrize("field", ["sample_rate", "frame_ms", "vad", "benchmark_label", "endpointing"])
def test_null_in_a_message(field: str) -> None:
    """ERR-021, ASR-018, ASR-030: of a socket; a value that is null does not override the session's."""
    assert parse(json.dumps({"type": "start", field: None})) == parse('{"type": "start"}')
    with pytest.raises(InvalidMessage, match="audio_b64: "):
        parse('{"type": "audio", "audio_b64": null}')


def test_what_a_field_takes_as_it_is_keeps_its_nulls() -> None:
    """ERR-021, LLM-006: a turn without content, and the null of a schema."""

    class Whole(JsonBody):
        turns: list[dict[str, Any]]

    turns = [{"role": "assistant", "content": None}]
    assert Whole.model_validate({"turns": turns}).turns == turns
    with pytest.raises(ValidationError, match="turns\n  Field required"):
        Whole.model_validate({"turns": None})
