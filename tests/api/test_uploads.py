"""Generated files over HTTP."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve_app.app import create_app
from serve_app.auth import Policy
from serve_app.backends import Backends
from serve_app.core.keys import Kind
from serve_app.output_files import output_path, output_url
from tests.fakes import ManualClock, open_backends, team_with_key

SOUND = bytes(range(256)) * 40
PATH = output_path("generations/tts", "tts_f5", "2026-03-01", "wav")
LIFETIME_S = 600.0


@dataclass
class Served:
    """An app with one output, its owner's key, and a stranger's."""

    client: httpx.AsyncClient
    backends: Backends
    owner: dict[str, str]
    stranger: dict[str, str]

    async def get(self, url: str = f"/uploads/{PATH}", **headers: str) -> httpx.Response:
        """As the owner."""
        return await self.client.get(url, headers={**self.owner, **headers})


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with open_backends(tmp_path, output_url_lifetime_s=LIFETIME_S) as backends:
        team, key = await team_with_key(backends)
        _, other = await team_with_key(backends)
        await backends.files.write(PATH, SOUND, team=team.id, media_type="audio/wav", keep_s=3600.0)
        app: FastAPI = create_app(backends)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://api.test"
        ) as client:
            yield Served(client, backends, {"x-api-key": key}, {"x-api-key": other})


def parts(answer: httpx.Response) -> list[tuple[str, bytes]]:
    """(Content-Range, bytes) of each part of a multipart answer."""
    boundary = answer.headers["content-type"].partition("boundary=")[2]
    found = []
    for part in answer.content.split(f"--{boundary}".encode())[1:-1]:
        head, _, body = part.partition(b"\r\n\r\n")
        shown = re.search(rb"content-range: (.*)", head, re.IGNORECASE)
        assert shown
        found.append((shown[1].decode().strip(), body.removesuffix(b"\r\n")))
    return found


def test_names_cannot_be_guessed() -> None:
    """TTS-028, OUT-001: the documented pattern, with 128 random bits in each name."""
    pattern = r"generations/tts/tts_f5_20260301_[0-9a-f]{32}\.wav"
    names = {output_path("generations/tts", "tts_f5", "2026-03-01", "wav") for _ in range(100)}
    assert len(names) == 100
    assert all(re.fullmatch(pattern, name) for name in names)


async def test_the_team_fetches_its_output(served: Served) -> None:
    """RT-42, OUT-001: whole, with its type, and nothing for a browser or a shared cache to guess about."""
    answer = await served.get()
    assert (answer.status_code, answer.content) == (200, SOUND)
    shown = {name: answer.headers[name] for name in ("content-type", "cache-control", "accept-ranges")}
    assert shown == {"content-type": "audio/wav", "cache-control": "private", "accept-ranges": "bytes"}
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"] == f'inline; filename="{Path(PATH).name}"'
    assert answer.headers["content-length"] == str(len(SOUND))
    assert answer.headers["etag"].startswith('"')


async def test_head(served: Served) -> None:
    """RT-42, RT-53, OUT-003: the same headers and no body, whatever part is asked for."""
    whole = await served.get()
    head = await served.client.head(f"/uploads/{PATH}", headers=served.owner)
    part = await served.client.head(f"/uploads/{PATH}", headers={**served.owner, "range": "bytes=0-9"})
    assert (head.status_code, head.content, part.status_code, part.content) == (200, b"", 200, b"")
    assert "content-range" not in part.headers
    names = ("content-type", "content-length", "etag", "content-disposition", "cache-control")
    assert [head.headers[name] for name in names] == [whole.headers[name] for name in names]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=100-199", 100, 199),
        ("bytes=10000-", 10_000, 10_239),
        ("bytes=-1", 10_239, 10_239),
        ("bytes=-99999", 0, 10_239),
        ("bytes=10239-99999", 10_239, 10_239),
        ("Bytes=5-5", 5, 5),
    ],
)
async def test_one_range(served: Served, asked: str, first: int, last: int) -> None:
    """OUT-001: what a player asks for when its listener seeks."""
    answer = await served.get(range=asked)
    assert (answer.status_code, answer.content) == (206, SOUND[first : last + 1])
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(SOUND)}"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_several_ranges(served: Served) -> None:
    """OUT-001: as one multipart answer; overlapping ones are joined."""
    answer = await served.get(range="bytes=0-4, 100-109, 105-119, -2")
    assert answer.status_code == 206
    assert answer.headers["content-type"].startswith("multipart/byteranges")
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert parts(answer) == [
        ("bytes 0-4/10240", SOUND[:5]),
        ("bytes 100-119/10240", SOUND[100:120]),
        ("bytes 10238-10239/10240", SOUND[-2:]),
    ]


@pytest.mark.parametrize(
    "asked", ["bytes=10240-", "bytes=99999-100000", "bytes=-0", "bytes=9-3", "bytes=x-y"]
)
async def test_ranges_that_are_not_there(served: Served, asked: str) -> None:
    """OUT-001, ERR-016: 416 says how long the file is, in the body of every error."""
    answer = await served.get(range=asked)
    assert (answer.status_code, answer.json()["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["content-range"] == f"bytes */{len(SOUND)}"


async def test_if_range(served: Served) -> None:
    """OUT-001: a part of the file one has begun to fetch, or all of the file that has replaced it."""
    etag = (await served.get()).headers["etag"]
    same = await served.get(**{"range": "bytes=0-9", "if-range": etag})
    other = await served.get(**{"range": "bytes=0-9", "if-range": '"another"'})
    assert [(answer.status_code, len(answer.content)) for answer in (same, other)] == [
        (206, 10),
        (200, 10_240),
    ]


@pytest.mark.parametrize(
    ("headers", "status", "length"),
    [
        ({"if-none-match": "{etag}"}, 304, 0),
        ({"if-none-match": 'W/{etag}, "x"'}, 304, 0),
        ({"if-none-match": "*"}, 304, 0),
        ({"if-none-match": '"x"', "if-modified-since": "{date}"}, 200, 10_240),
        ({"if-modified-since": "{date}"}, 304, 0),
        ({"if-modified-since": "yesterday"}, 200, 10_240),
        ({"if-match": "{etag}", "range": "bytes=0-9"}, 206, 10),
        ({"if-unmodified-since": "{date}"}, 200, 10_240),
        ({"range": "items=0-5"}, 200, 10_240),
        ({"range": "bytes=0-0,99999999-"}, 206, 1),
        ({"range": "bytes=0-9", "if-range": "{date}"}, 206, 10),
        ({"range": "bytes=0-9", "if-range": "W/{etag}"}, 200, 10_240),
        ({"range": f"bytes={','.join(f'{at}-{at}' for at in range(0, 400, 2))}"}, 200, 10_240),
    ],
)
async def test_conditions(served: Served, headers: dict[str, str], status: int, length: int) -> None:
    """OUT-003: a copy that is still good is not sent again, and of a file what is wanted and there."""
    whole = (await served.get()).headers
    known = {"etag": whole["etag"], "date": whole["last-modified"]}
    answer = await served.get(**{name: value.format(**known) for name, value in headers.items()})
    assert (answer.status_code, len(answer.content)) == (status, length)
    assert [answer.headers[name] for name in ("etag", "last-modified", "cache-control")] == [
        whole[name] for name in ("etag", "last-modified", "cache-control")
    ]


@pytest.mark.parametrize(
    "headers",
    [
        {"if-match": '"x"'},
        {"if-match": "W/{etag}"},
        {"if-unmodified-since": "Sat, 01 Jan 2000 00:00:00 GMT", "if-none-match": "{etag}"},
    ],
)
async def test_another_file_than_expected(served: Served, headers: dict[str, str]) -> None:
    """OUT-003: 412, before all other conditions."""
    etag = (await served.get()).headers["etag"]
    answer = await served.get(**{name: value.format(etag=etag) for name, value in headers.items()})
    assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")


async def test_without_a_key(served: Served) -> None:
    """KEY-010, OUT-001: an unguessable name is not enough."""
    for url in (f"/uploads/{PATH}", "/uploads/generations/none.wav", "/uploads/custom_voices/a/b.wav"):
        assert (await served.client.get(url)).status_code == 401


async def test_foreign_unknown_and_expired_look_alike(served: Served) -> None:
    """KEY-015, JOB-006, ERR-011: one and the same 404; so do inputs and voices, which are not given out."""
    team = (await served.backends.keys.authenticate(served.owner["x-api-key"])).team_id
    for path in ("custom_voices/a/voice.wav", "inputs/voice.wav"):
        await served.backends.files.write(path, SOUND, team=team, media_type="audio/wav", keep_s=None)
    fixed = {"x-request-id": "1"}
    foreign = await served.client.get(f"/uploads/{PATH}", headers={**served.stranger, **fixed})
    unknown = await served.get("/uploads/generations/tts/none.wav", **fixed)
    voice = await served.get("/uploads/custom_voices/a/voice.wav", **fixed)
    given = await served.get("/uploads/inputs/voice.wav", **fixed)
    assert isinstance(served.backends.clock, ManualClock)
    served.backends.clock.advance(3600.1)
    expired = await served.get(**fixed)
    answers = [(answer.status_code, answer.text) for answer in (foreign, unknown, voice, given, expired)]
    assert answers == [(404, foreign.text)] * 5
    assert foreign.json()["code"] == "not_found"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "generations/",
        "generations/../store.sqlite3",
        "generations/%2e%2e/%2e%2e/store.sqlite3",
        "..%2f..%2fstore.sqlite3",
        "generations/..%5cstore.sqlite3",
        "generations/%00.wav",
        "generations/%FF%FE.wav",
        "%2Fetc%2Fpasswd",
        "generations/tts",
        "generations/" + "x" * 5000,
    ],
)
async def test_paths_of_an_attacker(served: Served, path: str) -> None:
    """OUT-002, ERR-011: nothing but outputs is reached."""
    answer = await served.client.get(httpx.URL("http://api.test/uploads/" + path), headers=served.owner)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_ranges_are_counted_as_polling(served: Served) -> None:
    """QUO-011: a player's many ranges leave the team's requests alone."""
    _, key = await team_with_key(served.backends, Policy(requests_per_minute=1))
    headers = {"x-api-key": key}
    answers = [await served.client.get(f"/uploads/{PATH}", headers=headers) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [404] * 10 + [429]
    assert answers[0].headers["x-ratelimit-limit"] == "10"
    assert (await served.client.get("/api/thai-asr/config", headers=headers)).status_code == 200


async def test_a_signed_url(served: Served) -> None:
    """OUT-001: opens the one file without a key until it expires, and with a key even then."""
    url = output_url(served.backends, PATH)
    assert urlsplit(url).path == f"/uploads/{PATH}"
    answers = [await served.client.get(url), await served.client.head(url)]
    answers.append(await served.client.get(url, headers={"range": "bytes=0-9"}))
    assert [answer.status_code for answer in answers] == [200, 200, 206]
    assert isinstance(served.backends.clock, ManualClock)
    served.backends.clock.advance(LIFETIME_S - 1)
    assert (await served.client.get(url)).content == SOUND
    served.backends.clock.advance(1)
    lapsed = await served.client.get(url)
    assert (lapsed.status_code, lapsed.json()["code"]) == (401, "unauthorized")
    assert (await served.get(url)).status_code == 200


async def test_signatures_that_open_nothing(served: Served) -> None:
    """OUT-001, KEY-010: of another path or expiry, cut, empty or no signature at all; whether or not the
    file exists, so that nothing is learned."""
    query = parse_qs(urlsplit(output_url(served.backends, PATH)).query)
    expiry, signature = query["exp"][0], query["sig"][0]
    elsewhere = output_path("generations/tts", "tts_f5", "2026-03-01", "wav")
    forged = [
        (elsewhere, expiry, signature),
        (PATH, str(int(expiry) + 1), signature),
        (PATH, expiry + " ", signature),
        (PATH, "", signature),
        (PATH, expiry, signature[:-2]),
        (PATH, expiry, signature[::-1]),
        (PATH, expiry, ""),
        (PATH, expiry, "ลายเซ็น"),
        (PATH, "9" * 5000, "A" * 43),
    ]
    for path, exp, sig in forged:
        url = httpx.URL(f"http://api.test/uploads/{path}", params={"exp": exp, "sig": sig})
        assert (await served.client.get(url)).status_code == 401, url


async def test_a_key_is_looked_at_before_a_signature(served: Served) -> None:
    """KEY-009, KEY-011, KEY-015: a revoked or foreign key is not rescued by a signed URL."""
    url = output_url(served.backends, PATH)
    assert (await served.client.get(url, headers=served.stranger)).status_code == 404
    await served.backends.keys.revoke(Kind.KEY, served.owner["x-api-key"].split("_")[1])
    assert (await served.get(url)).status_code == 401


async def test_urls_are_plain_by_default(tmp_path: Path) -> None:
    """OUT-001: signatures are the operator's choice."""
    async with open_backends(tmp_path) as backends:
        assert output_url(backends, PATH) == f"/uploads/{PATH}"


async def test_a_file_is_streamed(served: Served) -> None:
    """OUT-001: in parts, never as a whole in memory."""
    team = (await served.backends.keys.authenticate(served.owner["x-api-key"])).team_id
    path = output_path("generations/ltx23", "ltx23_av", "2026-03-01", "mp4")
    await served.backends.files.write(path, bytes(1_000_000), team=team, media_type="video/mp4", keep_s=None)
    sizes: list[int] = []
    app = recording(create_app(served.backends), sizes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api.test") as client:
        answer = await client.get(f"/uploads/{path}", headers=served.owner)
    assert len(answer.content) == sum(sizes) == 1_000_000
    assert max(sizes) <= 64 * 1024


def recording(app: ASGIApp, sizes: list[int]) -> ASGIApp:
    """The app; the size of each part of its answers is noted."""

    async def watched_app(scope: Scope, receive: Receive, send: Send) -> None:
        async def watched(message: Message) -> None:
            sizes.append(len(message.get("body", b"")))
            await send(message)

        await app(scope, receive, watched)

    return watched_app
