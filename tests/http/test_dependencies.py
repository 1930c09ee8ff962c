"""Keys at the door of every surface."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from serve_app.backends import Backends
from serve_app.core.keys import Kind
from serve_app.errors import StoreUnavailable
from tests.fakes import open_backends


def bearer(key: str, scheme: str = "Bearer") -> dict[str, str]:
    return {"authorization": f"{scheme} {key}"}


def prefix_of(raw: str) -> str:
    return raw.split("_")[1]


async def test_one_key_opens_every_surface(client: httpx.AsyncClient, key: str) -> None:
    """KEY-001, KEY-002: the key's team calls; only the prefix is shown."""
    answer = await client.get("/probe/caller", headers={"x-api-key": key})
    other = await client.get("/probe/backends", headers={"x-api-key": key})
    assert (answer.status_code, other.status_code) == (200, 200)
    assert answer.json()["key_prefix"] == prefix_of(key)
    assert answer.json()["team_id"].startswith("team_")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_headers_that_carry_a_key(client: httpx.AsyncClient, key: str, scheme: str) -> None:
    """KEY-006, KEY-007: `x-api-key`, or Bearer in any case."""
    assert (await client.get("/probe/caller", headers={"X-API-KEY": key})).status_code == 200
    assert (await client.get("/probe/caller", headers=bearer(key, scheme))).status_code == 200


async def test_a_query_key_is_for_sockets_only(client: httpx.AsyncClient, key: str) -> None:
    """KEY-008: `api_key` in a URL is not accepted over HTTP, where it would be logged by every proxy."""
    assert (await client.get("/probe/caller", params={"api_key": key})).status_code == 401


@pytest.fixture
def sockets(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


def test_keys_of_sockets(sockets: TestClient, key: str) -> None:
    """KEY-008: the query parameter, and both headers, on the handshake."""
    for headers, query in (({}, f"?api_key={key}"), ({"x-api-key": key}, ""), (bearer(key), "")):
        with sockets.websocket_connect(f"/probe/socket{query}", headers=headers) as socket:
            assert socket.receive_json()["key_prefix"] == prefix_of(key)


def test_the_order_of_credentials_on_sockets(sockets: TestClient, key: str) -> None:
    """KEY-009: `x-api-key` wins, then Bearer, then `api_key`."""
    for headers, query in (
        ({"x-api-key": key, **bearer("wrong")}, "?api_key=wrong"),
        (bearer(key), "?api_key=wrong"),
    ):
        with sockets.websocket_connect(f"/probe/socket{query}", headers=headers) as socket:
            assert socket.receive_json()["type"] == "ready"
    with (
        pytest.raises(WebSocketDisconnect),
        sockets.websocket_connect(f"/probe/socket?api_key={key}", headers=bearer("wrong")),
    ):
        pass


async def test_the_order_of_credentials(client: httpx.AsyncClient, key: str) -> None:
    """KEY-009: a wrong `x-api-key` is not rescued by a good Bearer."""
    good_first = await client.get("/probe/caller", headers={"x-api-key": key, **bearer("wrong")})
    bad_first = await client.get("/probe/caller", headers={"x-api-key": "wrong", **bearer(key)})
    assert (good_first.status_code, bad_first.status_code) == (200, 401)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-api-key": ""},
        {"x-api-key": "kvid_abcd1234_" + "a" * 32},
        {"x-api-key": "rubbish"},
        {"authorization": "Bearer"},
        {"authorization": "Basic a2V5OmtleQ=="},
    ],
)
async def test_no_good_key(client: httpx.AsyncClient, key: str, headers: dict[str, str]) -> None:
    """KEY-010, ERR-001: missing, malformed and unknown keys get one and the same 401."""
    answer = await client.get("/probe/caller", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthorized"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "x-ratelimit-limit" not in answer.headers


async def test_the_right_prefix_with_a_wrong_secret(client: httpx.AsyncClient, key: str) -> None:
    """KEY-012: the prefix finds the record, the secret decides."""
    wrong = key[:-1] + ("a" if key[-1] != "a" else "b")
    assert (await client.get("/probe/caller", headers={"x-api-key": wrong})).status_code == 401


async def test_revoke_and_restore(client: httpx.AsyncClient, backends: Backends, key: str) -> None:
    """KEY-011: revoked looks unknown, at once; the same secret works again after a restore."""

    async def ask(raw: str) -> tuple[int, str, str]:
        answer = await client.get("/probe/caller", headers={"x-api-key": raw, "x-request-id": "1"})
        return answer.status_code, answer.text, str(sorted(answer.headers.items()))

    caller = await backends.keys.authenticate(key)
    unknown = await ask("kvid_zzzzzzzz_" + "z" * 32)
    await backends.keys.revoke(Kind.KEY, prefix_of(key))
    assert await ask(key) == unknown
    assert not await backends.keys.still_valid(caller)
    await backends.keys.restore(Kind.KEY, prefix_of(key))
    assert (await ask(key))[0] == 200
    assert await backends.keys.still_valid(caller)


async def test_a_look_up_that_fails_is_no_401(
    client: httpx.AsyncClient, backends: Backends, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ERR-005, QUO-007: an unreachable store is a 503 that says when to come back, never "invalid key"."""

    async def down(*args: object, **options: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(type(backends.store), "get", down)
    answer = await client.get("/probe/caller", headers={"x-api-key": key})
    assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
    assert int(answer.headers["retry-after"]) >= 1


async def test_optional_surfaces(tmp_path: Path, app: FastAPI, client: httpx.AsyncClient, key: str) -> None:
    """KEY-014: required by default; a development profile opens the surfaces it names, and no others."""
    assert (await client.get("/probe/voice")).status_code == 401
    async with open_backends(tmp_path, optional_auth_surfaces={"voice"}) as opened:
        app.state.backends = opened
        assert (await client.get("/probe/voice")).json() == {"team_id": "team_development"}
        assert (await client.get("/probe/voice", headers={"x-api-key": "wrong"})).status_code == 401
        assert (await client.get("/probe/caller")).status_code == 401
        assert (await client.get("/probe/voice", headers={"x-api-key": key})).status_code == 200


async def test_signatures_do_not_reach_the_log(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    """OUT-001, KEY-013: a signed URL opens a file, so the access log keeps its signature to itself."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    with caplog.at_level(logging.INFO):
        await client.get("/uploads/generations/a.wav", params={"exp": "1", "sig": "c2VjcmV0"})
    assert "exp=1&sig=***" in caplog.text.replace("%2A", "*")
    assert "c2VjcmV0" not in caplog.text


async def test_keys_do_not_reach_the_logs(
    client: httpx.AsyncClient, app: FastAPI, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    """KEY-003, KEY-013: neither the access log nor the log of a failure shows a key."""
    logging.getLogger("httpx").setLevel(logging.WARNING)  # the test's own client logs the URLs it asks for
    with caplog.at_level(logging.DEBUG):
        await client.get("/probe/broken", params={"secret": key, "api_key": key}, headers={"x-api-key": key})
        logging.getLogger("uvicorn.error").info('"WebSocket %s" [accepted]', f"/x?api_key={key}")
        logging.getLogger("uvicorn.access").info('%s - "%s"', "127.0.0.1", f"GET /x?api_key={key}")
    assert "/probe/broken" in caplog.text
    assert "RuntimeError" in caplog.text
    assert "api_key=***" in caplog.text
    assert key.split("_")[2] not in caplog.text
