"""The HTTP half of live captions: ASR-001..023, RT-01, RT-02."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from serve_app.auth import Policy
from tests.api.live_api import LiveApi, live_api
from tests.fakes import ScriptedModels, team_with_key

DEFAULTS = {
    "sample_rate": 16000,
    "frame_ms": 20,
    "partial_interval_ms": 40,
    "min_decode_audio_ms": 240,
    "decode_window_ms": 1600,
    "vad": True,
}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[LiveApi]:
    async with live_api(tmp_path) as running:
        yield running


def holds(whole: dict[str, Any], part: dict[str, Any]) -> bool:
    """Every documented field is there with its value; others may be added."""
    return {field: whole.get(field, "absent") for field in part} == part


async def test_config(api: LiveApi) -> None:
    """RT-01, ASR-001..004, QUO-001: JSON 1."""
    answer = await api.http.get("/api/thai-asr/config", headers={"x-api-key": api.key})
    config = answer.json()
    assert answer.status_code == 200
    assert holds(config, {"language": "th", "mode": "benchmark_spike", "backend": "persistent_decoder"})
    assert holds(config, {"engine": "typhoon", "engine_impl": "scripted"})
    assert holds(config["defaults"], {**DEFAULTS, "stream_chunk_ms": 80})
    assert all(isinstance(note, str) for note in config["notes"])
    assert config["notes"]
    assert set(config["tenant"]) == {"team_id", "team_name", "key_prefix"}
    assert config["tenant"]["key_prefix"] in api.key
    assert config["limits"] == {
        "requests_per_minute": 120,
        "concurrent_sessions": 3,
        "daily_audio_seconds": 3600,
        "today_audio_seconds_used": 0,
    }


async def test_config_while_the_engine_is_away(api: LiveApi) -> None:
    """ASR-002: the public engine keeps its name, and nothing is claimed to answer."""
    assert isinstance(api.backends.models, ScriptedModels)
    api.backends.models.recognizers.clear()
    config = (await api.http.get("/api/thai-asr/config", headers={"x-api-key": api.key})).json()
    assert holds(config, {"engine": "typhoon", "engine_impl": None})


async def test_session_with_defaults(api: LiveApi) -> None:
    """RT-02, ASR-010, ASR-017, ASR-019, ASR-020, ASR-021: JSON 2 from an empty body or an empty object."""
    for body in ({"content": b""}, {"json": {}}):
        answer = await api.http.post("/api/thai-asr/sessions", headers={"x-api-key": api.key}, **body)
        session = answer.json()
        assert answer.status_code == 200
        assert re.fullmatch("[0-9a-f]{32}", session["session_id"])
        assert holds(session["config"], {**DEFAULTS, "benchmark_label": None})
        assert "stream_chunk_ms" not in session["config"]
        assert session["sla_targets"] == {
            "speech_detected_p95_ms": 60,
            "first_partial_p95_ms": 250,
            "final_after_eou_p95_ms": 800,
        }
        stream = f"ws://127.0.0.1:{api.port}/api/thai-asr/stream?session_id={session['session_id']}"
        assert session["ws_url"] == stream
        assert set(session["tenant"]) == {"team_id", "team_name", "key_prefix"}


BOUNDS = {
    "sample_rate": (8000, 48000),
    "frame_ms": (10, 200),
    "partial_interval_ms": (20, 1000),
    "min_decode_audio_ms": (100, 5000),
    "decode_window_ms": (200, 15000),
}


async def test_bounds_are_inclusive(tmp_path: Path) -> None:
    """ASR-011..015, ASR-018, ERR-010: out of bounds is a 400 that names the field."""
    async with live_api(tmp_path, Policy(requests_per_minute=1000)) as api:
        for field, (low, high) in BOUNDS.items():
            for value in (low, high):
                assert (await api.session(**{field: value}))["config"][field] == value
            for value in (low - 1, high + 1):
                await refused(api, field, value)


@pytest.mark.parametrize("field", [*BOUNDS, "vad", "benchmark_label", "endpointing"])
async def test_wrong_json_types_are_refused(api: LiveApi, field: str) -> None:
    """ASR-011..018: strict types; a boolean is no integer, and the text of a number is no number."""
    wrong: list[Any] = [[], {}, 20.5, "20"]
    wrong += [True] if field in BOUNDS else []
    wrong += [1, "true"] if field in ("vad", "endpointing") else []
    if field == "benchmark_label":
        wrong = [1, True, [], "x" * 201]
    for value in wrong:
        await refused(api, field, value)


async def refused(api: LiveApi, field: str, value: Any) -> None:
    answer = await api.http.post(
        "/api/thai-asr/sessions", json={field: value}, headers={"x-api-key": api.key}
    )
    assert answer.status_code == 400, (field, value, answer.text)
    assert answer.json()["code"] == "invalid_request"
    assert field in answer.json()["error"]


async def test_label_and_null_label(api: LiveApi) -> None:
    """ASR-017: 200 characters of any script."""
    assert (await api.session(benchmark_label="ก" * 200))["config"]["benchmark_label"] == "ก" * 200
    assert (await api.session(benchmark_label=None))["config"]["benchmark_label"] is None


async def test_endpointing_needs_vad(api: LiveApi) -> None:
    """ASR-018: values that contradict one another."""
    await refused(api, "endpointing", {"not": "a boolean"})
    answer = await api.http.post(
        "/api/thai-asr/sessions", json={"endpointing": True, "vad": False}, headers={"x-api-key": api.key}
    )
    assert answer.status_code == 400
    assert "endpointing needs vad" in answer.json()["error"]


@pytest.mark.parametrize("body", [b"[]", b"{", b'"x"', b"1", b"\xff\xfe"])
async def test_a_body_that_is_no_object_is_refused(api: LiveApi, body: bytes) -> None:
    """ASR-018, ERR-010."""
    headers = {"x-api-key": api.key, "content-type": "application/json"}
    answer = await api.http.post("/api/thai-asr/sessions", content=body, headers=headers)
    assert answer.status_code == 400


async def test_without_a_key(api: LiveApi) -> None:
    """KEY-010, ERR-001."""
    assert (await api.http.get("/api/thai-asr/config")).status_code == 401
    assert (await api.http.post("/api/thai-asr/sessions", json={})).status_code == 401


async def test_sessions_answer_429_early_when_all_slots_are_held(tmp_path: Path) -> None:
    """QUO-003 (X-37), QUO-007."""
    async with live_api(tmp_path, Policy(concurrent_sessions=1)) as api, api.connect():
        answer = await api.http.post("/api/thai-asr/sessions", headers={"x-api-key": api.key})
        assert answer.status_code == 429
        assert answer.json()["code"] == "concurrent_session_limit_exceeded"
        assert int(answer.headers["retry-after"]) >= 1


async def test_sessions_answer_503_while_the_engine_is_away(api: LiveApi) -> None:
    """ERR-005."""
    assert isinstance(api.backends.models, ScriptedModels)
    api.backends.models.recognizers.clear()
    answer = await api.http.post("/api/thai-asr/sessions", headers={"x-api-key": api.key})
    assert (answer.status_code, answer.json()["code"]) == (503, "engine_unavailable")


@pytest.mark.parametrize(
    ("settings", "headers", "origin"),
    [
        ({"public_base_url": "https://api.example.com"}, {}, "wss://api.example.com"),
        ({"public_base_url": "http://api.example.com:81/"}, {}, "ws://api.example.com:81"),
        ({}, {"host": "captions.example:9000"}, "ws://captions.example:9000"),
        ({}, {"host": "a.example", "x-forwarded-proto": "https"}, "ws://a.example"),
        (
            {"trusted_proxies": ("127.0.0.1",)},
            {"x-forwarded-proto": "https", "x-forwarded-host": "api.example.com, inner"},
            "wss://api.example.com",
        ),
        ({"trusted_proxies": ("10.0.0.1",)}, {"host": "a", "x-forwarded-host": "evil.example"}, "ws://a"),
        ({"port": 8000}, {"host": "a/b?c"}, "ws://127.0.0.1:8000"),
    ],
)
async def test_ws_url_origin(
    tmp_path: Path, settings: dict[str, Any], headers: dict[str, str], origin: str
) -> None:
    """ASR-021, ASR-022: configured origin, else the request's; forwarded headers of trusted proxies only."""
    async with live_api(tmp_path, **settings) as api:
        headers = {"x-api-key": api.key, **headers}
        answer = await api.http.post("/api/thai-asr/sessions", json={}, headers=headers)
        assert answer.json()["ws_url"].split("/api/")[0] == origin


async def test_legacy_paths(api: LiveApi) -> None:
    """LEG-001, LEG-005: `ws_url` is canonical, both stream paths take any session."""
    legacy = "/v2/asr/low-latency/th"
    headers = {"x-api-key": api.key}
    assert (await api.http.get(f"{legacy}/config", headers=headers)).json()["language"] == "th"
    session = (await api.http.post(f"{legacy}/sessions", headers=headers)).json()
    assert "/api/thai-asr/stream?" in session["ws_url"]
    query = f"session_id={session['session_id']}&api_key={api.key}"
    for path in (legacy, "/api/thai-asr"):
        async with api.dial(query, path) as client:
            assert (await client.next())["session_id"] == session["session_id"]


async def test_sessions_belong_to_their_team(api: LiveApi) -> None:
    """ASR-023, KEY-015, ERR-015: a foreign session looks unknown."""
    session = await api.session()
    _, stranger = await team_with_key(api.backends)
    async with api.dial(f"session_id={session['session_id']}&api_key={stranger}") as client:
        events, code = await client.end()
    assert ([event["code"] for event in events], code) == (["session_not_found"], 1008)
