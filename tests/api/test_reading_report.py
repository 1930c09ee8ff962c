"""A score as one page for people: RT-52, RS-091."""

from __future__ import annotations

import io
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from serve_app.api.reading_score.report import report_page
from serve_app.backends import Backends
from serve_app.core.jobs import JobState
from serve_app.core.reading.timeline import peaks
from serve_app.flows.reading.report import ReadingReport, Recording
from serve_app.flows.reading.score import KIND
from serve_app.media.audio_file import AudioFile
from tests.api.test_reading_score import ASYNC, LEGACY_PATH, PATH, opened_api, running, send
from tests.fakes import ScriptedDetector, team_with_key
from tests.flows.reading.orders import CONFIDENCES, TEXT, wav_of
from tests.http.probe import code_of

Opened = tuple[Backends, httpx.AsyncClient]
HOSTILE = "</script><script>alert(1)</script><img src=x onerror='alert(2)'>\"&{{7*7}}\u202e\u05d0"
TAGS_THAT_LOAD = {"a", "base", "embed", "form", "iframe", "img", "link", "object", "source", "video"}


class Page(HTMLParser):
    """What a browser makes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        """Text, and the element that begins last before it."""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.texts.append((self.elements[-1][0] if self.elements else "", data))

    def of(self, *tags: str) -> list[dict[str, str]]:
        """The attributes of all elements with one of these names."""
        return [attributes for tag, attributes in self.elements if tag in tags]

    def text(self, *tags: str) -> str:
        """What stands in elements, of these names if any are given."""
        return " ".join(text.strip() for tag, text in self.texts if not tags or tag in tags)

    @property
    def words(self) -> list[dict[str, str]]:
        """The words of the text, without the legend."""
        return [found for found in self.of("button", "span") if found.get("class", "").startswith("word ")][
            6:
        ]


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Opened]:
    async with opened_api(tmp_path) as (backends, client, _):
        yield backends, client


async def reported(opened: Opened, **form: Any) -> tuple[dict[str, Any], httpx.Response]:
    """A score, and its report."""
    backends, client = opened
    async with running(backends):
        scored = await send(client, **form)
    assert scored.status_code == 200, scored.text
    return scored.json(), await client.get(f"{scored.headers['content-location']}/report")


async def test_a_report(opened: Opened) -> None:
    """RT-52, RS-091: scores, every word with its sureness, and the recording, to be heard from each word."""
    form = {"reference_text": TEXT, "student_id": "student_001", "lesson_id": "lesson_01"}
    payload, answer = await reported(opened, **form)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    page = Page(answer.text)
    assert page.of("html") == [{"lang": "th"}]
    shown = page.text()
    for told in ("student_001", "lesson_01", *map(str, payload["scores"].values()), "ผ่าน"):
        assert told in shown
    assert str(payload["fluency"]["correctWordsPerMinute"]) in shown
    began = payload["student"]["selectedAttempt"]["start"]
    starts = [began + word["start"] for word in payload["alignment"]["words"]]
    assert [float(word["data-start"]) for word in page.words] == pytest.approx(starts, abs=0.002)
    sureness = ["sure", "fair", "weak", "weak", "fair", "weak", "sure"]
    assert [word["class"] for word in page.words] == [f"word correct {each}" for each in sureness]
    assert len(page.of("svg")) == 2
    audio = AudioFile(io.BytesIO(sound_of(page)), max_seconds=20)
    assert sum(map(len, audio.blocks())) / 16_000 == pytest.approx(12.0, abs=0.1)


def sound_of(page: Page) -> bytes:
    kind, _, content = page.of("audio")[0]["src"].partition(",")
    assert kind == "data:audio/mpeg;base64"
    return b64decode(content, validate=True)


async def test_nothing_is_loaded_and_nothing_else_runs(opened: Opened) -> None:
    """RS-091: the policy lets the page's own style and script through, by hashes, and its sound; it is in
    the page too. The page is not kept by caches."""
    _, answer = await reported(opened)
    page = Page(answer.text)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        [content] = [text for name, text in page.texts if name == tag and text.strip()]
        digest = b64encode(sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
        assert page.of(tag) == [{}]
    [own] = [meta["content"] for meta in page.of("meta") if "http-equiv" in meta]
    assert policy == f"{own}; frame-ancestors 'none'"
    assert page.of(*TAGS_THAT_LOAD) == []
    names = {name for _, attributes in page.elements for name in attributes}
    assert not {name for name in names if name == "style" or name.startswith("on")}
    assert (answer.headers["cache-control"], answer.headers["x-content-type-options"]) == (
        "private, no-store",
        "nosniff",
    )


async def test_languages(opened: Opened) -> None:
    """RS-091, ERR-010: Thai, or English when asked for."""
    _, client = opened
    _, answer = await reported(opened)
    english = await client.get(str(answer.url), params={"lang": "en-US"})
    assert Page(english.text).of("html") == [{"lang": "en"}]
    assert ("Reading report" in english.text, "รายงานผลการอ่าน" in answer.text) == (True, True)
    refused = await client.get(str(answer.url), params={"lang": "fr"})
    assert (refused.status_code, code_of(refused)) == (400, "invalid_request")


async def test_where_reports_are(opened: Opened) -> None:
    """RT-52, RS-022, LEG-003: below the status, of the same family of paths, for those too who waited."""
    backends, client = opened
    for family in (PATH, LEGACY_PATH):
        queued = (await send(client, path=family, headers=ASYNC)).json()
        assert queued["reportPath"] == f"{family}/task/{queued['taskId']}/report"
        async with running(backends):
            answer = await send(client, path=family)
        status = await client.get(answer.headers["content-location"])
        assert status.json()["result"] == answer.json()
        assert answer.headers["content-location"].startswith(f"{family}/task/")
        report = await client.get(f"{answer.headers['content-location']}/report")
        assert report.headers["content-type"].startswith("text/html")


async def test_no_score(opened: Opened) -> None:
    """RT-52: 409 while there is none, and where there will never be one."""
    backends, client = opened
    path = (await send(client, headers=ASYNC)).json()["reportPath"]
    answer = await client.get(path)
    assert (answer.status_code, code_of(answer)) == (409, "conflict")
    job = await backends.store.claim([KIND], lease_s=10, attempts=3, keep_s=60)
    assert job is not None
    await backends.store.finish(job, JobState.FAILURE, keep_s=60, result={"code": "x"}, error="broken")
    answer = await client.get(path)
    assert (answer.status_code, "FAILURE" in answer.json()["error"]) == (409, True)


async def test_ids_of_nobody_and_of_others(opened: Opened) -> None:
    """KEY-010, KEY-015, QUO-011, RT-52: as with the status; but it takes a request, not a poll."""
    backends, client = opened
    _, answer = await reported(opened)
    assert answer.headers["x-ratelimit-limit"] == "1000"
    _, foreign = await team_with_key(backends)
    for path, key in ((str(answer.url), foreign), (f"{PATH}/task/x/report", client.headers["x-api-key"])):
        refused = await client.get(path, headers={"x-api-key": key})
        assert (refused.status_code, code_of(refused)) == (404, "not_found")
    del client.headers["x-api-key"]
    assert (await client.get(str(answer.url))).status_code == 401


async def test_a_recording_that_is_no_longer_kept(opened: Opened) -> None:
    """JOB-006, RS-091: the page stays, without what needs the recording."""
    backends, client = opened
    _, answer = await reported(opened)
    [file] = await backends.store.list("files")
    await backends.files.delete(file.key)
    later = await client.get(str(answer.url))
    page = Page(later.text)
    assert page.of("audio", "svg", "button") == []
    assert "ไม่ได้เก็บเสียง" in page.text("p")
    assert len(page.words) == len(Page(answer.text).words) == 7


async def test_nobody_speaks(tmp_path: Path) -> None:
    """RS-081, RS-091: all words are missing, and nothing can be said of fluency."""
    async with opened_api(tmp_path) as (backends, client, recognizer):
        recognizer.script = []
        silent = replace(backends, new_detector=ScriptedDetector)
        files = {"student_audio": wav_of(np.zeros(16_000, np.int16))}
        payload, answer = await reported((silent, client), files=files)
    page = Page(answer.text)
    assert payload["assessment"]["status"] == "no_speech"
    assert "ไม่พบเสียงพูด" in page.text("p")
    assert [word["class"].strip() for word in page.words] == ["word missing"] * 7
    assert (len(page.of("audio")), page.of("button"), "ความคล่อง" in answer.text) == (1, [], False)


async def test_long_and_hostile_fields(opened: Opened) -> None:
    """RS-091: five thousand characters, and an id that would be more than text."""
    form = {"student_id": HOSTILE, "include_pronunciation": "false"}
    form["reference_text"] = f"{'ก ' * 2450}{HOSTILE}"
    payload, answer = await reported(opened, **form)
    page = Page(answer.text)
    assert len(page.words) == len(payload["comparison"]["wordResults"]) > 2400
    assert (len(page.of("script")), page.of("img")) == (1, [])
    assert HOSTILE in page.text("bdi")


def test_every_text_is_escaped() -> None:
    """RS-091: wherever a caller's or an engine's words stand, they stay text."""
    syllable = {
        "start": 0.0,
        "end": 0.1,
        "expected": {"sounds": [HOSTILE, None], "tone": "low"},
        "heard": None,
    }
    heard = {**syllable, "heard": {"sounds": [HOSTILE], "tone": None}}
    results = [
        {
            "referenceIndex": index,
            "status": status,
            "referenceToken": HOSTILE,
            "studentToken": HOSTILE,
            "pronunciationConfidence": CONFIDENCES[2],
        }
        for index, status in enumerate(["correct", "missing", "substitution", "extra"])
    ]
    words = [{"index": index, "start": 0.1, "end": 0.2, "syllables": [syllable, heard]} for index in range(3)]
    selected = {"start": 0.0, "end": 1.0, "hasTiming": True, "multipleAttemptsDetected": True}
    scores = dict.fromkeys(("overall", "textAccuracy", "pronunciation", "levenshteinSimilarity"), None)
    payload = {
        "assessment": {"passed": True, "status": "passed"},
        "request": {"studentId": HOSTILE, "lessonId": HOSTILE},
        "student": {"selectedAttempt": selected, "meta": {"embedded": True}},
        "scores": scores,
        "comparison": {"wordResults": results},
        "alignment": {"used": True, "words": words},
    }
    recording = Recording(1.0, peaks(np.zeros(100, np.int16), 25), b"sound")
    page = Page(report_page(ReadingReport("an-id", 0.0, payload, recording), "en", 0.5))
    # Two ids; five words drawn, listed and to practise, two of them also as they were said; their sounds.
    assert page.text().count(HOSTILE) == 2 + 2 + 4 + 3 + 2 + 3 * 3
    assert (len(page.of("script")), page.of("img"), len(page.of("mark"))) == (1, [], 3)
    assert "∅ · low" in page.text("div")
