"""What callers read of input that is not valid: ERR-010, ERR-022, OUT-004."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic_core import _pydantic_core

from serve_app.api.thai_asr.messages import parse
from serve_app.auth import Policy
from serve_app.backends import Backends
from serve_app.core.validation import problem_text
from serve_app.errors import InvalidRequest
from serve_app.flows.accounts.teams import Teams
from serve_app.http.exception_handlers import told
from tests.fakes import team_with_key

PYTHON = re.compile(
    r"(?i:class\b|dictionar|instance|attribute|tuple|\bset\b|callable|python|pydantic|validat|value error"
    r"|hash|assertion|discriminator|iterat|subclass|\bdict\b|frozen|argument|sentinel)|\bNone\b|[a-z][A-Z]"
)
"""Words of the implementation."""
NAMES = re.compile(r"(^|; )[\w.\[\]-]+: ")
"""Of fields, which are the caller's own."""
WRONG: list[Any] = [[], {}, "", "x", 1.5, True, [1], {"x": 1}, [[]], [{}], 10**30]


@pytest.mark.parametrize("error", _pydantic_core.list_all_errors(), ids=lambda error: error["type"])
def test_no_text_shows_the_implementation(error: dict[str, Any]) -> None:
    """ERR-022: of any kind of error that the library has, also of kinds to come."""
    context = {"discriminator": "type", "expected_tags": "'a', 'b'", "min_length": 1, "actual_length": 0}
    problem = {
        "type": error["type"],
        "msg": error["message_template_python"],
        "ctx": {**context, "max_length": 2},
    }
    assert not PYTHON.search(re.sub(r"\{\w+\}", "", problem_text(problem)))


@pytest.fixture
async def signed(client: httpx.AsyncClient, backends: Backends) -> httpx.AsyncClient:
    """A team's key, and one of its members."""
    _, key = await team_with_key(backends, Policy(requests_per_minute=100_000))
    _, token = await Teams(backends.store, backends.keys).create("x", "x@example.com", "default", Policy())
    client.headers.update({"x-api-key": key, "authorization": f"Bearer {token.reveal()}"})
    return client


def inputs(route: APIRoute) -> list[dict[str, Any]]:
    """Requests with a wrong value in each field of a route, as JSON, as a form, as files."""
    body = route.body_field
    model = body.field_info.annotation if body else None
    fields = sorted(getattr(model, "model_fields", {})) or ["x"]
    wrong = [{"json": value} for value in WRONG]
    wrong += [{"json": {field: value}} for field in fields for value in WRONG]
    wrong += [{"json": dict.fromkeys(fields, value)} for value in WRONG]
    wrong += [{"files": {field: (None, b"\xff")}} for field in fields]
    wrong += [{"files": {field: ("a.wav", b"x")}} for field in fields]
    wrong += [{"data": {field: "x"}} for field in fields]
    broken = {"content-type": "multipart/form-data; boundary=x"}
    return [*wrong, {"content": b"--y", "headers": broken}, {"params": {"lang": "x"}}]


async def test_whatever_is_wrong(
    app: FastAPI, signed: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ERR-010, ERR-022, ERR-020: on every route that takes something."""
    monkeypatch.setattr("serve_app.api.admin.REQUESTS_PER_MINUTE", 100_000)
    refused = 0
    for route in [route for route in app.routes if isinstance(route, APIRoute)]:
        path = route.path_format.format_map(dict.fromkeys(route.param_convertors, "1"))
        for wrong in inputs(route) if route.body_field else [{"params": {"lang": "x", "count": "x"}}]:
            answer = await signed.request(min(route.methods or {"GET"}), path, **wrong)
            if answer.status_code in (400, 415):
                refused += 1
                error = answer.json()["error"]
                text = NAMES.sub(" ", error if isinstance(error, str) else error["message"])
                assert not PYTHON.search(text), (path, wrong, text)
    assert refused > 500


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"voice": 5}, "voice: Input should be a valid string or an object"),
        ({"voice": {"id": 5}}, "voice.id: Input should be a valid string"),
        ({"voice": {}}, "voice.id: Field required"),
        ([], "body: Input should be an object"),
    ],
)
async def test_fields_are_the_callers(signed: httpx.AsyncClient, body: Any, text: str) -> None:
    """ERR-022: never the name of a class or of an alternative; the alternative that got furthest tells."""
    whole = {"model": "tts-1", "input": "x", **body} if isinstance(body, dict) else body
    answer = await signed.post("/v1/audio/speech", json=whole)
    assert answer.json()["error"]["message"] == text


async def test_a_text_where_a_file_should_be(signed: httpx.AsyncClient) -> None:
    """ERR-022, OUT-004: says what is missing."""
    answer = await signed.post("/transcribe", files={"file": (None, b"RIFF")})
    assert answer.json()["error"] == "file: Input should be a file: a part of the form with a file name"


@pytest.mark.parametrize(
    "message", ["{", "[]", "5", '{"type": "x"}', "{}", '{"type": "start", "vad": "x"}', '{"type": "audio"}']
)
def test_messages_of_a_socket(message: str) -> None:
    """ERR-022, ASR-037: in the same words."""
    with pytest.raises(InvalidRequest) as refusal:
        parse(message)
    assert not PYTHON.search(NAMES.sub(" ", refusal.value.message))


def test_a_problem_of_a_list() -> None:
    """ERR-022: the place is told; a member that is missing too."""
    problems = [{"type": "missing", "loc": ("body", "turns", 1, "Kind", "role"), "msg": "Field required"}]
    assert told(problems, {"body": {"turns": [{"role": "x"}, {}]}}) == "turns.1.role: Field required"
