"""Numbers that no field can mean, in every place of a request that takes one (ERR-023)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from fastapi import FastAPI

from serve_app.api.thai_asr.messages import SessionConfig, parse
from serve_app.app import create_app
from serve_app.auth import Policy
from serve_app.backends import Backends
from serve_app.cli.commands import main
from serve_app.core.reading.rules import ReadingFields, resolve
from serve_app.errors import InvalidRequest
from serve_app.flows.accounts.teams import Teams
from tests.fakes import (
    ScriptedChat,
    ScriptedModels,
    ScriptedRecognizer,
    ScriptedSynthesizer,
    ScriptedVideoGenerator,
    open_backends,
    team_with_key,
)
from tests.photos import as_data_url, encoded, quarters
from tests.recordings import encode, tone

NEVER = ("NaN", "-Infinity", "1e400", "-1e400", "1" * 5000, "1e300", "true", '"5"', "[1]", "{}")
"""JSON, or what Python takes for it; no field takes any of them."""
HARD = ("0", "-0.0", "-1", "5e-324", "1e-38", "1.0", "2147483648", "9223372036854775808")
HARD += ("-9223372036854775809", "1" * 30, "1" * 4300, "0.1e1", "1e18")
"""Some fields take some of them."""
SPEECH = {"language": "en", "model": "cosytts"}
CHAT = {"model": "qwen3-4b", "messages": [{"role": "user", "content": "Hello"}]}
BODIES: Mapping[str, dict[str, Any]] = {
    "POST /api/thai-asr/sessions": {},
    "POST /api/llm/v1/chat/completions": CHAT,
    "POST /v1/chat/completions": CHAT,
    "POST /api/tts/v1/audio/speech": {"text": "Hello.", **SPEECH},
    "POST /v1/audio/speech": {"input": "Hello.", **SPEECH},
    "POST /api/ltx23/v1/videos/generations": {
        "model": "ltx23-standard",
        "prompt": "A slow pan.",
        "image": {"url": as_data_url(encoded(quarters(64, 36)))},
    },
    "POST /api/admin/v1/keys": {},
    "PATCH /api/admin/v1/keys/{prefix}": {},
}
"""What is taken when no number is sent."""
Schema = Mapping[str, Any]
Path_ = tuple[str, ...]


@pytest.fixture
async def backends(tmp_path: Path) -> AsyncIterator[Backends]:
    async with open_backends(tmp_path) as opened:
        models = ScriptedModels(
            recognizers={"typhoon": ScriptedRecognizer(), "whisper": ScriptedRecognizer()},
            synthesizers={"cosytts": ScriptedSynthesizer()},
            chats={"qwen3-4b": ScriptedChat()},
            video_generators={"ltx23-distilled": ScriptedVideoGenerator()},
        )
        yield replace(opened, models=models)


@pytest.fixture
def app(backends: Backends) -> FastAPI:
    return create_app(backends)


@pytest.fixture
async def sure(
    client: httpx.AsyncClient, backends: Backends, monkeypatch: pytest.MonkeyPatch
) -> httpx.AsyncClient:
    """The client with the key of a team and the token of a member, and room for many requests."""
    monkeypatch.setattr("serve_app.api.admin.REQUESTS_PER_MINUTE", 1_000_000)
    _, key = await team_with_key(backends, Policy(requests_per_minute=1_000_000))
    _, token = await Teams(backends.store, backends.keys).create("x", "x@example.com", "default", Policy())
    client.headers.update({"x-api-key": key, "authorization": f"Bearer {token.reveal()}"})
    return client


def numbers(schema: Schema, known: Schema) -> Iterator[Path_]:
    """Where a body of this schema has a number."""
    schema = known[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
    for form in schema.get("anyOf", ()):
        yield from numbers(form, known)
    if schema.get("type") in ("integer", "number"):
        yield ()
    for name, field in schema.get("properties", {}).items():
        yield from ((name, *path) for path in numbers(field, known))


def fields(app: FastAPI, content_type: str) -> list[tuple[str, Path_]]:
    """(route, field) of every number of every body of this type."""
    described = app.openapi()
    return [
        (f"{method.upper()} {path}", field)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        if (content := operation.get("requestBody", {}).get("content", {}).get(content_type))
        for field in numbers(content["schema"], described["components"]["schemas"])
    ]


def with_number(body: dict[str, Any], field: Path_, number: str) -> str:
    """The JSON of the body with the number, as it is written, in the field."""
    name, *rest = field
    inner = with_number(body.get(name, {}), tuple(rest), number) if rest else number
    others = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in body.items() if key != name]
    return "{" + ", ".join([*others, f"{json.dumps(name)}: {inner}"]) + "}"


async def answers(
    client: httpx.AsyncClient, route: str, field: Path_, number: str, prefix: str
) -> httpx.Response:
    method, path = route.split(" ")
    return await client.request(
        method,
        path.replace("{prefix}", prefix),
        content=with_number(BODIES[route], field, number),
        headers={"content-type": "application/json"},
    )


def reason(answer: httpx.Response) -> str:
    error = answer.json()["error"]
    return str(error["message"] if isinstance(error, dict) else error)


async def test_no_number_of_a_body_is_a_failure(app: FastAPI, sure: httpx.AsyncClient) -> None:
    """ERR-023: every field of every route; what is refused is named, or is no JSON at all."""
    created = await sure.post("/api/admin/v1/keys", json={})
    prefix = created.json()["key"]["prefix"]
    walked = fields(app, "application/json")
    assert {route for route, _ in walked} == set(BODIES)
    for route, field in walked:
        for number in (*NEVER, *HARD):
            answer = await answers(sure, route, field, number, prefix)
            assert answer.status_code == 400 or (number in HARD and answer.status_code < 400), (
                route,
                field,
                number[:30],
                answer.text,
            )
            if answer.status_code == 400:
                assert field[-1] in reason(answer) or "not valid JSON" in reason(answer)


async def test_no_number_of_a_form_is_a_failure(app: FastAPI, sure: httpx.AsyncClient) -> None:
    """ERR-023: the one number that a form has."""
    assert fields(app, "multipart/form-data") == [("POST /v1/audio/transcriptions", ("temperature",))]
    recording = {"file": ("a.wav", encode("wav", tone(1.0)))}
    for number in (*NEVER, *HARD, "", " 1", "1,5", "0x1", "๑", "1_0", "inf"):
        sent = {"model": "typhoon", "temperature": number.strip('"')}
        answer = await sure.post("/v1/audio/transcriptions", data=sent, files=recording)
        assert answer.status_code in (200, 400), (number[:30], answer.text)
        assert answer.status_code == 200 or "temperature" in reason(answer)


@pytest.mark.parametrize("number", [*NEVER, *HARD])
async def test_no_number_of_the_engines_is_a_failure_of_the_front(
    sure: httpx.AsyncClient, number: str
) -> None:
    """ERR-023: fields that the front does not know reach the engine, or are no JSON."""
    route = "POST /api/llm/v1/chat/completions"
    for name in ("temperature", "top_k", "max_tokens", "seed", "made_up"):
        answer = await answers(sure, route, (name,), number, "")
        assert answer.status_code == 200 or "not valid JSON" in reason(answer)


@pytest.mark.parametrize("number", ["9" * 5000, "-1", "1e9", "NaN", "", "0x10", "1.5"])
async def test_no_number_of_a_header_or_a_query_is_a_failure(sure: httpx.AsyncClient, number: str) -> None:
    """ERR-023."""
    headers = {"content-length": number, "range": f"bytes=0-{number}", "last-event-id": number}
    for name, value in headers.items():
        answer = await sure.post("/api/thai-asr/sessions", content=b"{}", headers={name: value})
        assert answer.status_code < 500
    for url in (f"/uploads/generations/a.wav?exp={number}&sig=x", f"/api/thai-asr/config?limit={number}"):
        answer = await sure.get(url, headers={"range": f"bytes={number}-"})
        assert answer.status_code < 500


@pytest.mark.parametrize(
    "field", [name for name, of in SessionConfig.model_fields.items() if of.annotation is int]
)
@pytest.mark.parametrize("number", [*NEVER, *HARD])
def test_no_number_of_a_message_is_a_failure(field: str, number: str) -> None:
    """ERR-023, ASR-037: the error that keeps the connection, with the name of the field."""
    with pytest.raises(InvalidRequest, match=f"^({field}|message: Invalid JSON)"):
        parse(f'{{"type": "start", "{field}": {number}}}')


@pytest.mark.parametrize("option", ["asr_engine", "include_pronunciation"])
@pytest.mark.parametrize("number", [*NEVER, *HARD])
def test_no_number_of_an_option_is_a_failure(option: str, number: str) -> None:
    """ERR-023, RS-009: only 0, 1 and what is spelt like a boolean is one."""
    if option == "include_pronunciation" and number in ("true", "0"):
        return
    with pytest.raises(InvalidRequest, match=f"^({option}|scoring_options): "):
        resolve(ReadingFields(scoring_options=f'{{"{option}": {number}}}'), 100)


@pytest.mark.parametrize("option", ["--rpm", "--sessions", "--audio-seconds"])
@pytest.mark.parametrize("number", ["nan", "-nan", "inf", "-inf", "1e400", "-1", "9" * 5000, "1e10", ""])
def test_no_such_number_of_a_command_is_taken(option: str, number: str) -> None:
    """ERR-023: a limit that is no number would be no limit."""
    refused = CliRunner().invoke(main, ["keys", "create", "a school", f"{option}={number}"])
    assert refused.exit_code == 2
    assert option in refused.output


@pytest.mark.parametrize(
    ("module", "option"),
    [
        ("engines.decode_throughput", "--seconds"),
        ("captions.peer", "--seconds"),
        ("reading.overhead", "--seconds"),
        ("reading.accuracy", "--snr"),
        ("captions.streams", "--seconds"),
        ("captions.streams", "--snr"),
        ("speech.jobs", "--seconds"),
    ],
)
@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e400"])
def test_a_load_test_lasts_for_a_finite_time(module: str, option: str, number: str) -> None:
    """ERR-023: nor is noise of no strength added."""
    command = import_module(f"loadtests.{module}").main
    refused = CliRunner().invoke(command, [f"{option}={number}"])
    assert refused.exit_code == 2
    assert option in refused.output
