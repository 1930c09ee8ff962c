"""Four pupils read one sentence: well, with mistakes, twice, and not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from demo.cluster import DemoFailed, Running
from loadtests.audio import as_wav, silence, utterance
from loadtests.captions.client import PATIENCE_S
from loadtests.report import Cell

REFERENCE = "วันนี้เราจะไปโรงเรียนด้วยกัน"
MISTAKEN = "วันนี้เราไปตลาดด้วยกัน"
"""จะ is missing, and โรงเรียน became ตลาด."""
VOICE = "malee"
HEAD = ("pupil", "status", "overall", "text", "pronunciation", "attempts", "missing", "said instead")
TEXTS = (0, 1, 5, 6, 7)


def recordings(folder: Path) -> dict[str, bytes]:
    """PCM16 at 16 kHz of each pupil."""
    good, mistaken = (utterance(folder, text, VOICE).pcm for text in (REFERENCE, MISTAKEN))
    return {
        "reads well": good,
        "makes mistakes": mistaken,
        "tries twice": mistaken + silence(100) + good,
        "says nothing": silence(2_000),
    }


async def read_all(running: Running, folder: Path) -> Sequence[tuple[Cell, ...]]:
    """A row for each pupil, below HEAD. Raises DemoFailed."""
    made = await asyncio.to_thread(recordings, folder)
    async with httpx.AsyncClient(base_url=running.url, timeout=PATIENCE_S) as http:
        return [_row(pupil, await _scored(http, running.key, pcm)) for pupil, pcm in made.items()]


async def _scored(http: httpx.AsyncClient, key: str, pcm: bytes) -> dict[str, Any]:
    answer = await http.post(
        "/api/reading-score",
        headers={"x-api-key": key},
        data={"reference_text": REFERENCE},
        files={"student_audio": ("reading.wav", as_wav(pcm), "audio/wav")},
    )
    if answer.status_code != httpx.codes.OK:
        raise DemoFailed(f"the reading was not scored: {answer.text}")
    return dict(answer.json())


def _row(pupil: str, payload: dict[str, Any]) -> tuple[Cell, ...]:
    scores, feedback = payload["scores"], payload["feedback"]
    several = "several" if payload["student"]["selectedAttempt"]["multipleAttemptsDetected"] else "one"
    swapped = ", ".join(f"{pair['expected']} > {pair['actual']}" for pair in feedback["substitutions"])
    shown = (scores["overall"], scores["textAccuracy"], scores["pronunciation"])
    return (
        pupil,
        payload["assessment"]["status"],
        *shown,
        several,
        " ".join(feedback["missingWords"]),
        swapped,
    )
