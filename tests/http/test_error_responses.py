"""Every refusal has one form, one request id, and no secrets."""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.types import Message, Scope
from starlette.websockets import WebSocketDisconnect

from serve_app import errors
from serve_app.app import create_app
from serve_app.backends import Backends
from serve_app.errors import KaleidoError
from serve_app.http.error_forms import OPENAI, STANDARD, form_of
from serve_app.http.surface import surface
from tests.http.probe import code_of


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing-here", 404, "not_found"),
        ("GET", "/probe", 404, "not_found"),
        ("GET", "/probe/caller", 401, "unauthorized"),
        ("DELETE", "/probe/caller", 405, "method_not_allowed"),
    ],
)
async def test_strangers(client: httpx.AsyncClient, method: str, path: str, status: int, code: str) -> None:
    """ERR-001, ERR-011, ERR-016: unknown paths, wrong methods and missing keys have one form."""
    answer = await client.request(method, path)
    assert (answer.status_code, code_of(answer)) == (status, code)


async def test_405_lists_every_method_of_the_path(client: httpx.AsyncClient) -> None:
    """ERR-016: `Allow` names all methods, also when several routes share the path."""
    assert (await client.get("/probe/orders")).headers["allow"] == "POST, PUT"


async def test_an_unexpected_failure_says_nothing(signed: httpx.AsyncClient) -> None:
    """ERR-007, ERR-016, ERR-020: a 500 with a request id; no path, no key, no stack trace."""
    answer = await signed.get("/probe/broken", params={"secret": "s3cret"})
    assert (answer.status_code, code_of(answer)) == (500, "internal_error")
    assert answer.json()["error"] == KaleidoError.default_message
    assert "x-ratelimit-remaining" in answer.headers


async def test_a_missing_engine(signed: httpx.AsyncClient) -> None:
    """ERR-005, QUO-007: a model runtime that is away is a 503 with Retry-After."""
    answer = await signed.get("/probe/engine")
    assert (answer.status_code, code_of(answer)) == (503, "engine_unavailable")
    assert int(answer.headers["retry-after"]) >= 1


async def test_a_saturated_engine(signed: httpx.AsyncClient) -> None:
    """ERR-008, QUO-007: a full queue is a 429 with Retry-After."""
    answer = await signed.get("/probe/saturated")
    assert (answer.status_code, code_of(answer)) == (429, "saturated")
    assert int(answer.headers["retry-after"]) >= 1


async def test_error_texts_hide_keys(signed: httpx.AsyncClient, key: str) -> None:
    """ERR-020: a key quoted from the caller's own input is hidden."""
    answer = await signed.post("/probe/orders", json={key: 1})
    assert answer.status_code == 400
    assert "_***: " in answer.json()["error"]
    assert key.split("_")[2] not in answer.text


@pytest.mark.parametrize("request_id", ["a", "trace-1/2;3", "~" * 128])
async def test_a_callers_request_id_is_echoed(client: httpx.AsyncClient, request_id: str) -> None:
    """ERR-018: up to 128 visible ASCII characters, on answers of every kind."""
    for path in ("/health", "/nothing", "/probe/caller"):
        answer = await client.get(path, headers={"x-request-id": request_id})
        assert answer.headers["x-request-id"] == request_id


@pytest.mark.parametrize("request_id", [b"", b"a b", b"~" * 129, b"\xc3\xa9", b"a\tb"])
async def test_an_unfit_request_id_is_replaced(client: httpx.AsyncClient, request_id: bytes) -> None:
    """ERR-018: anything else gets a fresh id."""
    answer = await client.get("/health", headers={b"x-request-id": request_id})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])


def test_a_socket_that_breaks_is_closed_with_1011(app: FastAPI) -> None:
    """ERR-009: even where a surface forgot to catch it."""
    with TestClient(app) as client, client.websocket_connect("/probe/broken-socket") as socket:
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()
        assert closed.value.code == 1011


def test_a_client_that_leaves_is_no_failure(app: FastAPI, caplog: pytest.LogCaptureFixture) -> None:
    """ERR-009: nobody is left to tell; the log of failures stays for failures."""
    with TestClient(app) as client, client.websocket_connect("/probe/listening-socket"):
        pass
    assert not [record for record in caplog.records if record.name == "kaleido.errors"]


async def test_an_answer_that_breaks_off_is_cut(app: FastAPI) -> None:
    """ERR-016: once the status is sent nothing else can be said; the server sees an unfinished answer."""
    sent: list[str] = []

    async def send(message: Message) -> None:
        sent.append(str(message["type"]))
        if message["type"] == "http.response.body":
            raise RuntimeError("the connection broke")

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope: Scope = {
        "type": "http",
        "method": "GET",
        "path": "/health",
        "raw_path": b"/health",
        "query_string": b"",
        "headers": [],
    }
    await asyncio.wait_for(app(scope, receive, send), 5)
    assert sent == ["http.response.start", "http.response.body"]


def all_errors() -> list[type[KaleidoError]]:
    found = [each for each in vars(errors).values() if isinstance(each, type)]
    return [each for each in found if issubclass(each, KaleidoError)]


@pytest.mark.parametrize("error", all_errors(), ids=lambda error: error.__name__)
def test_every_error_has_a_status_a_close_code_and_a_code(error: type[KaleidoError]) -> None:
    """ERR-003, ERR-004, ERR-006, ERR-014, ERR-015: one tree answers for HTTP and for sockets."""
    assert 400 <= error.status < 600
    assert error.close_code in (1000, 1008, 1009, 1011, 1012, 4401, 4429)
    assert re.fullmatch(r"[a-z_]+", error.code)
    assert error().message == error.default_message
    assert (error.status == 429) <= (error.close_code == 4429)
    assert (error.status == 401) <= (error.close_code == 4401)


@pytest.mark.parametrize(
    "path",
    [
        "/api/llm/v1/nothing",
        "/api/llm/v1/nothing/",
        "/v1",
        "/v1/nothing",
        "/v1/audio/translations",
        "/v1/audio/speech/x",
    ],
)
async def test_where_openai_clients_call_errors_have_their_form(client: httpx.AsyncClient, path: str) -> None:
    """ERR-017, OAI-011: an OpenAI client reads message, type, param and code, whatever it asked for."""
    answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.json() == {
        "error": {
            "message": f"There is nothing at {path.rstrip('/')}.",
            "type": "invalid_request_error",
            "param": None,
            "code": "not_found",
        }
    }


async def test_elsewhere_they_have_the_documented_form(client: httpx.AsyncClient) -> None:
    """ERR-016, OAI-011: also beside a path that only begins alike."""
    for path in ("/v10", "/api/llmx/v1", "/api/tts/v1/nothing", "/uploads"):
        assert code_of(await client.get(path)) == "not_found"


async def test_a_wrong_method_says_which_are_right(client: httpx.AsyncClient) -> None:
    """ERR-016, OAI-011: in the text too."""
    answer = await client.delete("/v1/chat/completions")
    assert answer.status_code == 405
    assert answer.json()["error"]["message"] == "DELETE is not allowed here; use POST."


def test_a_surface_declares_the_form_of_its_errors(backends: Backends) -> None:
    """OAI-011: of all paths below its own; one that stands further down has its own say."""
    outer = surface("/v1", "outer", OPENAI)
    outer.add(surface("/v1/audio/inner", "inner"))
    forms = outer.error_forms
    assert form_of(forms, "/v1/audio/inner/result/1") is STANDARD
    assert form_of(forms, "/v1/audio/innermost") is form_of(forms, "/v1") is OPENAI
    assert form_of(forms, "/v2") is form_of(forms, "") is form_of(forms, "odd") is STANDARD
    assert create_app(backends).state.error_forms["/api/reading-score"] is STANDARD


def every_error(root: type[KaleidoError] = KaleidoError) -> list[type[KaleidoError]]:
    """The tree below a class, itself included."""
    return [root, *(found for kind in root.__subclasses__() for found in every_error(kind))]


def test_an_error_is_found_by_its_public_code() -> None:
    """ERR-016: what a job kept of its failure is enough to tell it again; codes are not shared."""
    known = [kind for kind in every_error() if kind.__module__ == errors.__name__]
    assert {type(errors.error_with(kind.code, "why")) for kind in known} == set(known)
    assert errors.error_with("audio_too_long", "why").message == "why"
    assert type(errors.error_with("no_such_code", "why")) is KaleidoError
