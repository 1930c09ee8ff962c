"""Image to video as callers see it: RT-11, RT-12, VID-001..018, GT-12."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serve_app.api.ltx23.requests import VideoBody
from serve_app.api.ltx23.routes import PictureRoute
from serve_app.app import create_app
from serve_app.auth import Policy
from serve_app.backends import Backends
from serve_app.errors import InvalidRequest, VideoFailed
from serve_app.flows.jobs.attempt import execute
from serve_app.flows.video.generation import KIND, generate_job
from serve_app.flows.video.source_picture import MAX_BYTES
from serve_app.http.body_limit import JSON_BYTES
from serve_app.outbound.fetch import Fetcher
from tests.fakes import (
    FILM,
    NO_AUTHORITIES,
    ManualClock,
    ScriptedModels,
    ScriptedVideoGenerator,
    open_backends,
    team_with_key,
)
from tests.http.probe import code_of
from tests.outbound.web_host import Names, answering, connections, fetcher, web_host
from tests.photos import FORMATS, as_data_url, encoded, padded, png_of, quarters

VIDEOS = "/api/ltx23/v1/videos"
GENERATIONS = f"{VIDEOS}/generations"
PHOTO = as_data_url(encoded(quarters(64, 36)))
ORDER = {
    "model": "ltx23-standard",
    "prompt": "A cinematic product shot with gentle camera motion.",
    "image": {"url": PHOTO},
    "duration": 5,
    "aspect_ratio": "16:9",
    "resolution": "720p",
    "seed": -1,
}
JSON = {"content-type": "application/json"}
NOON = "2026-03-01T12:00:00.000Z"


@pytest.fixture
def generator() -> ScriptedVideoGenerator:
    return ScriptedVideoGenerator()


@pytest.fixture
async def backends(tmp_path: Path, generator: ScriptedVideoGenerator) -> AsyncIterator[Backends]:
    async with open_backends(tmp_path) as opened:
        models = ScriptedModels(video_generators={"ltx23-distilled": generator})
        yield replace(opened, models=models)


@pytest.fixture
async def key(backends: Backends) -> str:
    _, raw = await team_with_key(backends, Policy(requests_per_minute=1000))
    return raw


async def start(signed: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await signed.post(GENERATIONS, json={**ORDER, **fields})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def look(signed: httpx.AsyncClient, started: dict[str, Any]) -> dict[str, Any]:
    answer = await signed.get(f"{VIDEOS}/{started['request_id']}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def run(backends: Backends) -> None:
    """What a dispatcher does with the next job."""
    claimed = await backends.store.claim([KIND], lease_s=10, attempts=3, keep_s=60)
    assert claimed is not None
    await execute(backends, claimed, generate_job)


async def order_of(backends: Backends, started: dict[str, Any]) -> dict[str, Any]:
    job = await backends.store.job(started["request_id"])
    assert job is not None
    return dict(job.payload)


async def waiting(backends: Backends) -> int:
    return (await backends.store.backlog(KIND)).waiting


async def test_from_picture_to_video(
    signed: httpx.AsyncClient, backends: Backends, clock: ManualClock
) -> None:
    """RT-11, RT-12, RT-42, VID-001, VID-011..014, VID-017: JSON 13 and 14, and the file behind the URL."""
    started = await start(signed)
    request_id = str(UUID(started["request_id"]))
    assert started == {"request_id": request_id, "status": "queued", "model": "ltx23-standard"}
    when = {"created_at": NOON, "started_at": None, "ended_at": None}
    assert await look(signed, started) == {**started, **when}
    clock.advance(1.5)
    await run(backends)
    done = await look(signed, started)
    video, metadata = done.pop("video"), done.pop("metadata")
    when |= {"started_at": "2026-03-01T12:00:01.500Z", "ended_at": "2026-03-01T12:00:01.500Z"}
    assert done == {**started, "status": "done", **when}
    assert set(video) == {"url"}
    assert video["url"].startswith("/uploads/generations/ltx23/ltx23_av_20260301_")
    assert video["url"].endswith(".mp4")
    assert metadata["seed"] == (await order_of(backends, started))["seed"]
    assert (metadata["width"], metadata["height"], metadata["duration"]) == (1280, 720, 5)
    assert (metadata["embedded"], metadata["has_audio"]) == (True, True)
    film = await signed.get(video["url"])
    assert (film.headers["content-type"], film.content) == ("video/mp4", b"".join(FILM))
    part = await signed.get(video["url"], headers={"range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, FILM[0][:4])


async def test_a_signed_url(tmp_path: Path, generator: ScriptedVideoGenerator) -> None:
    """VID-014, OUT-001: opens for a `<video>` element, where the settings give URLs a lifetime."""
    async with open_backends(tmp_path, output_url_lifetime_s=60.0) as opened:
        backends = replace(opened, models=ScriptedModels(video_generators={"ltx23-distilled": generator}))
        _, key = await team_with_key(backends)
        transport = httpx.ASGITransport(create_app(backends))
        async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as client:
            started = (await client.post(GENERATIONS, json=ORDER, headers={"x-api-key": key})).json()
            await run(backends)
            path = f"{VIDEOS}/{started['request_id']}"
            done = (await client.get(path, headers={"x-api-key": key})).json()
            assert (await client.get(done["video"]["url"])).content == b"".join(FILM)


async def test_only_what_is_required(signed: httpx.AsyncClient, backends: Backends) -> None:
    """VID-002, VID-007..010, VID-013: all else has defaults, and blank or null is not given."""
    only = {"prompt": "Go.", "image": {"url": f" {PHOTO} "}}
    started = (await signed.post(GENERATIONS, json=only)).json()
    assert started["model"] == "ltx23-standard"
    order = await order_of(backends, started)
    assert (order["model"], order["width"], order["height"]) == ("ltx23-distilled", 1280, 720)
    assert (order["duration"], order["resolution"], order["aspect_ratio"]) == (5, "720p", "16:9")
    blank = dict.fromkeys(["model", "aspect_ratio", "aspectRatio", "resolution"], " ")
    assert (await start(signed, **blank))["model"] == "ltx23-standard"
    null = dict.fromkeys(["model", "duration", "aspect_ratio", "aspectRatio", "resolution", "seed"])
    assert (await start(signed, **null))["model"] == "ltx23-standard"


async def test_the_name_the_caller_used(
    signed: httpx.AsyncClient, backends: Backends, generator: ScriptedVideoGenerator
) -> None:
    """VID-002, VID-003, VID-013: in every answer, whatever variant stands behind it."""
    assert isinstance(backends.models, ScriptedModels)
    full = ScriptedVideoGenerator("ltx23-full")
    backends.models.video_generators["ltx23-full"] = full
    for alias in ("ltx-2.3", "ltx23-standard-quality"):
        started = await start(signed, model=alias)
        assert (started["model"], (await look(signed, started))["model"]) == (alias, alias)
        await run(backends)
    assert (generator.asked[0].model, full.asked[0].model) == ("ltx23-distilled", "ltx23-full")


async def test_progress(signed: httpx.AsyncClient, backends: Backends) -> None:
    """VID-012, VID-014, VID-015: while a job runs; between two attempts it is queued again."""
    started = await start(signed)
    claimed = await backends.store.claim([KIND], lease_s=10, attempts=3, keep_s=60)
    assert claimed is not None
    shown = await look(signed, started)
    assert (shown["status"], "progress" in shown) == ("processing", False)
    progress = {"stage": "denoising", "step": 4, "steps": 8, "percent": 50.0, "eta_seconds": 2.5}
    await backends.store.heartbeat(claimed, lease_s=10, progress=progress)
    assert (await look(signed, started))["progress"] == progress
    await backends.store.retry(claimed, error="x", delay_s=1)
    shown = await look(signed, started)
    assert (shown["status"], {"progress", "error", "video"} & set(shown)) == ("queued", set())


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (InvalidRequest("prompt: No."), "Remote LTX image-to-video failed: prompt: No."),
        (VideoFailed(), "Remote LTX image-to-video failed: The video could not be generated."),
        (ValueError("/secret"), "Remote LTX image-to-video failed: Something went wrong on our side."),
    ],
)
async def test_a_failed_job(
    signed: httpx.AsyncClient,
    backends: Backends,
    clock: ManualClock,
    generator: ScriptedVideoGenerator,
    failure: Exception,
    told: str,
) -> None:
    """VID-014, VID-015, JOB-004, ERR-020: JSON 15, after all attempts; after one for a bad request."""
    generator.script = [[failure]] * 3
    started = await start(signed)
    for _ in range(1 if isinstance(failure, InvalidRequest) else 3):
        await run(backends)
        clock.advance(10)
    failed = await look(signed, started)
    assert (failed["status"], failed["error"]) == ("failed", told)
    assert not {"video", "metadata", "progress"} & set(failed)
    assert (await signed.delete(f"{VIDEOS}/{started['request_id']}")).json() == failed


async def test_cancelling(signed: httpx.AsyncClient) -> None:
    """VID-012, VID-016: idempotent; answers how the job stands."""
    started = await start(signed)
    for _ in range(2):
        answer = await signed.delete(f"{VIDEOS}/{started['request_id']}")
        assert (answer.status_code, answer.json()["status"]) == (200, "canceled")
        assert set(answer.json()) == {*started, "created_at", "started_at", "ended_at"}
    assert (await look(signed, started))["status"] == "canceled"


async def test_cancelling_what_is_done(signed: httpx.AsyncClient, backends: Backends) -> None:
    """VID-015, VID-016: it stays done."""
    started = await start(signed)
    await run(backends)
    answer = await signed.delete(f"{VIDEOS}/{started['request_id']}")
    assert (answer.status_code, answer.json()) == (200, await look(signed, started))
    assert answer.json()["status"] == "done"


async def test_ids_of_nobody_and_of_others(signed: httpx.AsyncClient, backends: Backends) -> None:
    """VID-018, KEY-015, ERR-011: unknown, foreign and malformed ids look alike; so does another's video."""
    started = await start(signed)
    _, foreign = await team_with_key(backends)
    own = signed.headers["x-api-key"]
    known = f"{VIDEOS}/{started['request_id']}"
    paths = [f"{VIDEOS}/{UUID(int=1)}", f"{VIDEOS}/x", f"{VIDEOS}/%00", f"{VIDEOS}/generations"]
    for path, key in [*((path, own) for path in paths), (known, foreign)]:
        for method in ("GET", "DELETE"):
            answer = await signed.request(method, path, headers={"x-api-key": key})
            assert (answer.status_code, code_of(answer)) == (404, "not_found"), path
    await run(backends)
    url = (await look(signed, started))["video"]["url"]
    assert (await signed.get(url, headers={"x-api-key": foreign})).status_code == 404


async def test_polling_has_a_bucket_of_its_own(client: httpx.AsyncClient, backends: Backends) -> None:
    """QUO-011."""
    _, key = await team_with_key(backends, Policy(requests_per_minute=1))
    client.headers["x-api-key"] = key
    path = f"{VIDEOS}/{(await start(client))['request_id']}"
    assert [(await client.get(path)).status_code for _ in range(11)] == [200] * 10 + [429]
    assert (await client.delete(path)).status_code == 429


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        *(({"duration": duration}, "duration") for duration in (1, 11, 5.5, 5.0, "5", True, [5], 10**400)),
        *(({"seed": seed}, "seed") for seed in (-2, 1.0, "1", True, -(10**400))),
        *(({"aspect_ratio": ratio}, "aspect_ratio") for ratio in ("4:3", 1, ["16:9"])),
        ({"aspectRatio": "4:3"}, "aspect"),
        ({"aspect_ratio": "16:9", "aspectRatio": "1:1"}, "aspectRatio"),
        *(({"resolution": resolution}, "resolution") for resolution in ("1080p", 720)),
        *(({"model": model}, "model") for model in ("ltx23-full", "f5", 3)),
        *(({"prompt": prompt}, "prompt") for prompt in (None, "", " ", 5, "a" * 2001, ["a"])),
        *(({"image": image}, "image") for image in (None, PHOTO, [], [PHOTO], 5, True)),
        *(({"image": image}, "image.url") for image in ({}, {"url": None}, {"url": 5}, {"url": [PHOTO]})),
        *(({"image": {"url": url}}, "image.url") for url in ("", " ", "a.png", "/etc/passwd", "../a.png")),
        *(
            ({"image": {"url": url}}, "image.url")
            for url in ("file:///etc/passwd", "ftp://example.com/a.png")
        ),
        *(({"image": {"url": url}}, "image.url") for url in ("/uploads/../x/a.png", "/uploads/a", "uploads")),
        ({"image": {"url": "https://example.com/" + "a" * 2048}}, "image.url"),
    ],
    ids=lambda value: ascii(value)[:60],
)
async def test_invalid_requests(
    signed: httpx.AsyncClient, backends: Backends, fields: dict[str, Any], named: str
) -> None:
    """GT-12, ERR-002, VID-002..010: a 400 that names the field, before there is a job."""
    answer = await signed.post(GENERATIONS, json={**ORDER, **fields})
    assert (answer.status_code, code_of(answer)) == (400, "invalid_request")
    assert answer.json()["error"].startswith(named)
    assert await waiting(backends) == 0


async def test_the_bounds_themselves(signed: httpx.AsyncClient, backends: Backends) -> None:
    """GT-12, VID-004, VID-007, VID-008, VID-010."""
    for duration in (2, 10):
        assert (await order_of(backends, await start(signed, duration=duration)))["duration"] == duration
    started = await start(signed, aspect_ratio=None, aspectRatio="1:1", prompt="ก" * 2000, seed=2**31)
    order = await order_of(backends, started)
    assert (order["width"], order["height"], order["seed"]) == (720, 720, 2**31 - 1)


@pytest.mark.parametrize("field", ["prompt", "image"])
async def test_missing_fields(signed: httpx.AsyncClient, field: str) -> None:
    """ERR-002, VID-004, VID-005."""
    body = {name: value for name, value in ORDER.items() if name != field}
    answer = await signed.post(GENERATIONS, json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, f"{field}: Field required")


async def test_json_only(signed: httpx.AsyncClient) -> None:
    """VID-001, ERR-002, ERR-013: no form, no text; broken JSON is a 400."""
    for answer in (
        await signed.post(GENERATIONS, data={"prompt": "x"}),
        await signed.post(GENERATIONS, files={"image": encoded(quarters(16, 9))}),
        await signed.post(GENERATIONS, content=json.dumps(ORDER), headers={"content-type": "text/plain"}),
    ):
        assert (answer.status_code, code_of(answer)) == (415, "unsupported_media_type")
    broken = await signed.post(GENERATIONS, content=b'{"prompt": ', headers=JSON)
    assert (broken.status_code, code_of(broken)) == (400, "invalid_request")


async def test_no_runtime(signed: httpx.AsyncClient) -> None:
    """ERR-006: 502, with the name that the caller used."""
    answer = await signed.post(GENERATIONS, json={**ORDER, "model": "ltx23-standard-full"})
    assert (answer.status_code, code_of(answer)) == (502, "upstream_unreachable")
    assert "ltx23-standard-full" in answer.json()["error"]


async def test_without_a_key(client: httpx.AsyncClient) -> None:
    """ERR-001, KEY-010: on every route; of a large body nothing is read."""
    read: list[bool] = []

    async def body() -> AsyncIterator[bytes]:
        read.append(True)
        yield b"{"

    assert (await client.post(GENERATIONS, content=body(), headers=JSON)).status_code == 401
    assert read == []
    for method in ("GET", "DELETE"):
        assert (await client.request(method, f"{VIDEOS}/x")).status_code == 401


async def test_idempotency_keys(signed: httpx.AsyncClient, backends: Backends) -> None:
    """JOB-005: the same answer and the same job, also when it is done; another body is a 409."""
    key = {"idempotency-key": "scene-1"}
    first = await signed.post(GENERATIONS, json=ORDER, headers=key)
    await run(backends)
    again = await signed.post(GENERATIONS, json=dict(reversed(ORDER.items())), headers=key)
    assert (again.status_code, again.json()) == (200, first.json())
    other = await signed.post(GENERATIONS, json={**ORDER, "seed": 1}, headers=key)
    assert (other.status_code, code_of(other)) == (409, "idempotency_conflict")


@pytest.mark.parametrize("kind", FORMATS)
async def test_formats(signed: httpx.AsyncClient, kind: str) -> None:
    """VID-005, VID-006: as data URLs, with their type."""
    content = encoded(quarters(64, 36), kind)
    await start(signed, image={"url": as_data_url(content, FORMATS[kind])})


HOSTILE = {
    "gif": as_data_url(encoded(quarters(16, 9), "GIF"), "image/gif"),
    "gif called png": as_data_url(encoded(quarters(16, 9), "GIF")),
    "png called jpeg": as_data_url(encoded(quarters(16, 9)), "image/jpeg"),
    "svg": as_data_url(b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml"),
    "bomb": as_data_url(png_of(50_000, 50_000)),
    "truncated": as_data_url(encoded(quarters(64, 36))[:-40]),
    "empty": as_data_url(b""),
    "no base64": "data:image/png,PNG",
    "white space": PHOTO[:50] + "\n" + PHOTO[50:],
    "url-safe": "data:image/png;base64,-_-_",
    "no padding": PHOTO.rstrip("=")[:-1],
}


@pytest.mark.parametrize("what", HOSTILE)
async def test_hostile_pictures(
    signed: httpx.AsyncClient, backends: Backends, tmp_path: Path, what: str
) -> None:
    """VID-005, VID-006, OUT-002: a 400 at once, no job, and no file."""
    answer = await signed.post(GENERATIONS, json={**ORDER, "image": {"url": HOSTILE[what]}})
    assert (answer.status_code, code_of(answer)) == (400, "invalid_request")
    assert answer.json()["error"].startswith("image.url: ")
    assert await waiting(backends) == 0
    assert files(tmp_path) == []


def files(tmp_path: Path) -> list[str]:
    return [file.name for file in (tmp_path / "files").rglob("*") if file.is_file()]


async def test_the_largest_picture(signed: httpx.AsyncClient, backends: Backends, tmp_path: Path) -> None:
    """GT-12, VID-006, ERR-012: 25 MiB after decoding, and one byte more; as PHP writes it, too."""
    largest = padded(encoded(quarters(64, 36)), MAX_BYTES)
    body = json.dumps({**ORDER, "image": {"url": as_data_url(largest)}})
    assert (await signed.post(GENERATIONS, content=body, headers=JSON)).status_code == 200
    assert files(tmp_path) == ["image.png"]
    more = json.dumps({**ORDER, "image": {"url": as_data_url(largest + b"\0")}})
    answer = await signed.post(GENERATIONS, content=more, headers=JSON)
    assert (answer.status_code, code_of(answer)) == (413, "too_large")
    assert answer.json()["error"] == "image.url: It may have 26214400 bytes."
    assert MAX_BYTES == 25 * 1024 * 1024
    escaped = base64.b64encode(bytes(range(256)) * 1024).count(b"/") / (4 / 3 * 256 * 1024)
    assert PictureRoute.body_bytes > MAX_BYTES * 4 / 3 * (1 + escaped)


async def spaces(size: int) -> AsyncIterator[bytes]:
    """A body with no length announced."""
    yield b"{"
    for _ in range(size // 65_536):
        yield b" " * 65_536
    yield b"}"


async def test_large_bodies(signed: httpx.AsyncClient) -> None:
    """ERR-012, VID-006: taken by the one route that needs them, up to its own bound, announced or not."""
    beyond = PictureRoute.body_bytes + 1
    answers = [
        await signed.post(GENERATIONS, content=b" " * beyond, headers=JSON),
        await signed.post(GENERATIONS, content=spaces(beyond), headers=JSON),
        await signed.post(GENERATIONS, content=spaces(2 * JSON_BYTES), headers=JSON),
        await signed.post(f"{GENERATIONS}/", content=spaces(2 * JSON_BYTES), headers=JSON),
        await signed.post("/api/tts/v1/audio/speech", content=spaces(2 * JSON_BYTES), headers=JSON),
        await signed.request("DELETE", f"{VIDEOS}/x", content=b" " * 2 * JSON_BYTES, headers=JSON),
        await signed.put(GENERATIONS, content=b" " * 2 * JSON_BYTES, headers=JSON),
    ]
    assert [answer.status_code for answer in answers] == [413, 413, 400, 400, 413, 413, 413]


@pytest.mark.parametrize("unit", [b"[],", b"{},", b"1,", b'"",'])
async def test_a_large_body_of_many_members(signed: httpx.AsyncClient, unit: bytes) -> None:
    """ERR-012, OUT-002: what is not one long string is not unpacked into memory."""
    body = b'{"x": [' + unit * (3 * JSON_BYTES // len(unit)) + b"0]}"
    answer = await signed.post(GENERATIONS, content=body, headers=JSON)
    assert (answer.status_code, code_of(answer)) == (400, "invalid_request")
    assert "too many members" in answer.json()["error"]


async def test_an_upload_that_breaks_off(app: FastAPI, key: str, backends: Backends, tmp_path: Path) -> None:
    """OUT-002, VID-005: the caller leaves in the middle of the body: no job and no file."""
    parts = [{"type": "http.request", "body": json.dumps(ORDER).encode()[:-20], "more_body": True}]

    async def receive() -> dict[str, Any]:
        return parts.pop() if parts else {"type": "http.disconnect"}

    async def send(message: object) -> None:
        pass  # nobody is left to read it

    headers = [(b"x-api-key", key.encode()), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": GENERATIONS, "query_string": b"", "headers": headers}
    await app(scope, receive, send)
    assert (parts, await waiting(backends), files(tmp_path)) == ([], 0, [])


PRIVATE = [
    "http://127.0.0.1/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://127.1/",
    "http://169.254.169.254/",
    "http://100.64.0.1/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://224.0.0.1/",
    "http://user@127.0.0.1/",
    "https://localhost/a.png",
    "HTTPS://inside.example/a.png",
    "http://public.example:8000/a.png",
]


async def fetching(app: FastAPI, fetch: Fetcher) -> None:
    """Let the app fetch through this."""
    backends: Backends = app.state.backends
    await backends.fetch.close()
    app.state.backends = replace(backends, fetch=fetch)


@pytest.mark.parametrize("url", PRIVATE)
async def test_private_urls(
    app: FastAPI, signed: httpx.AsyncClient, backends: Backends, tmp_path: Path, url: str
) -> None:
    """GT-12, VID-005, NET-001, NET-002: refused before any connection, by the fetcher of production."""
    names = Names(
        localhost=[["127.0.0.1"]], inside_example=[["10.1.2.3"]], public_example=[["93.184.215.14"]]
    )
    fetch = Fetcher(resolver=names, tls=NO_AUTHORITIES)
    await fetching(app, fetch)
    with connections() as made:
        answer = await signed.post(GENERATIONS, json={**ORDER, "image": {"url": url}})
    assert (answer.status_code, code_of(answer), made) == (400, "unsafe_url", [])
    assert answer.json()["error"].startswith("image.url: The ")
    assert (await waiting(backends), files(tmp_path)) == (0, [])
    await fetch.close()


async def test_a_remote_picture(app: FastAPI, signed: httpx.AsyncClient, backends: Backends) -> None:
    """VID-005, NET-001: fetched from the public internet; a redirect, a page and an error are refused."""
    photo = encoded(quarters(64, 36), "JPEG")
    for answered, status, code in [
        (answering(photo), 200, ""),
        (answering(photo, content_type="text/html"), 200, ""),
        (answering(b"", "302 Found", location="http://public.example/a.png"), 400, "unsafe_url"),
        (answering(b"<!doctype html>"), 400, "invalid_request"),
        (answering(b"", "404 Not Found"), 400, "fetch_failed"),
        (answering(b"", content_length=MAX_BYTES + 1), 413, "too_large"),
    ]:
        async with web_host(answered) as host:
            fetch = fetcher(Names(media_example=[["127.0.0.1"]]), host.port, tls=NO_AUTHORITIES)
            await fetching(app, fetch)
            url = f"http://media.example:{host.port}/a.png"
            answer = await signed.post(GENERATIONS, json={**ORDER, "image": {"url": url}})
            await fetch.close()
        assert answer.status_code == status, answer.text
        if code:
            assert code_of(answer) == code
            assert answer.json()["error"].startswith("image.url: ")
    assert await waiting(backends) == 2


async def test_an_output_of_ours(signed: httpx.AsyncClient, backends: Backends) -> None:
    """VID-005, KEY-015: the team's own file by its path; a video is no picture; a foreign one is absent."""
    started = await start(signed)
    await run(backends)
    film = (await look(signed, started))["video"]["url"]
    team = (await backends.keys.authenticate(signed.headers["x-api-key"])).team_id
    for name, owner in (("own", team), ("foreign", "another")):
        content = encoded(quarters(64, 36))
        path = f"generations/{name}.png"
        await backends.files.write(path, content, team=owner, media_type="image/png", keep_s=None)
    seen = {}
    for url in ("/uploads/generations/own.png", film, "/uploads/generations/foreign.png"):
        answer = await signed.post(GENERATIONS, json={**ORDER, "image": {"url": url}})
        seen[url] = answer.status_code
    assert list(seen.values()) == [200, 400, 404]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)
WORDS = [
    "ltx23",
    "720p",
    "16:9",
    "Go.",
    PHOTO,
    "data:;base64,AAAA",
    "/uploads/generations/a.png",
    "http://x/",
]
values = st.sampled_from(WORDS) | ANYTHING
bodies = st.dictionaries(
    st.sampled_from([*VideoBody.model_fields]), values | st.fixed_dictionaries({"url": values}), max_size=5
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=bodies | st.fixed_dictionaries({"prompt": values, "image": st.fixed_dictionaries({"url": values})})
)
async def test_any_body_is_answered_in_form(
    client: httpx.AsyncClient, backends: Backends, body: dict[str, Any]
) -> None:
    """ERR-002, ERR-006, ERR-016: a job or a documented refusal."""
    _, key = await team_with_key(backends)
    headers = {**JSON, "x-api-key": key}
    answer = await client.post(GENERATIONS, content=json.dumps(body), headers=headers)
    assert answer.status_code in (200, 400, 404, 502), (body, answer.text)
    if answer.is_error:
        code_of(answer)
