"""From a form to a queued reading: recordings are stored, the job holds where (RS-001..012, JOB-005)."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from serve_app.backends import Backends
from serve_app.core.jobs import Job, uploads_folder
from serve_app.core.reading.rules import ReadingFields, ReadingJob, resolve
from serve_app.engines import ASR
from serve_app.errors import EngineUnavailable, InvalidAudio, InvalidRequest, TooLarge
from serve_app.flows.jobs.client import submit_job
from serve_app.flows.jobs.idempotency import fingerprint, once
from serve_app.flows.reading.score import KIND
from serve_app.media.audio_file import AudioFile
from serve_app.settings import Settings

ROUTE = "POST /api/reading-score"
"""Under which idempotency keys are kept."""
BLOCK = 1024 * 1024
"""Bytes of a recording in memory at once."""
MEDIA_TYPE = "application/octet-stream"
"""What a caller says of a recording is not believed, and the decoder looks for itself."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A recording as it came."""

    file: BinaryIO
    """Seekable."""
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class NewReading:
    """A form as it was sent; a reference recording beside a text is none (RS-003)."""

    fields: ReadingFields
    student_audio: Upload | None
    reference_audio: Upload | None


async def submit_reading(backends: Backends, team: str, new: NewReading, idempotency_key: str | None) -> Job:
    """Check what can be checked before a job is accepted, then queue it; a repeat gives the first job.

    Raises InvalidRequest and TooLarge, which name the field, InvalidAudio, EngineUnavailable when the
    recogniser does not live, QueueFull, StorageFull, IdempotencyConflict and IdempotencyInProgress.
    """
    order = resolve(new.fields, backends.settings.reading_max_characters)
    recordings = _recordings(order, new)
    hashes = {field: await _checked(backends.settings, field, sent) for field, sent in recordings.items()}
    body = fingerprint({**asdict(new.fields), **hashes})
    async with once(backends.store, backends.clock, team, ROUTE, idempotency_key, body) as job_id:
        if idempotency_key and (repeated := await backends.store.job(job_id)):
            return repeated
        if order.asr_engine not in await backends.cards.of(ASR):
            raise EngineUnavailable
        return await _submitted(backends, team, job_id, order, recordings)


def _recordings(order: ReadingJob, new: NewReading) -> dict[str, Upload]:
    """The recordings that are needed, by field."""
    if new.student_audio is None:
        raise InvalidRequest("student_audio: Send a recording.")
    if order.reference_text:
        return {"student_audio": new.student_audio}
    if new.reference_audio is None:
        raise InvalidRequest("reference_text: Send a text that has words, or reference_audio.")
    return {"student_audio": new.student_audio, "reference_audio": new.reference_audio}


async def _checked(settings: Settings, field: str, sent: Upload) -> str:
    """The hash of a recording, once its size and its container are known to do."""
    if sent.size > settings.reading_max_bytes:
        raise TooLarge(f"{field}: It may have {settings.reading_max_bytes} bytes.")
    try:
        return await asyncio.to_thread(_hash, sent.file)
    except InvalidAudio as unreadable:
        raise InvalidAudio(f"{field}: {unreadable.message}") from unreadable


def _hash(file: BinaryIO) -> str:
    """Raises InvalidAudio when the file is no recording in a known format."""
    AudioFile(file, max_seconds=0).close()
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()


async def _submitted(
    backends: Backends, team: str, job_id: str, order: ReadingJob, recordings: dict[str, Upload]
) -> Job:
    """Files of a reading that is not queued in the end are removed. Until the job has ended (`Ending`)
    they are kept as long as a record; none waits that long."""
    paths = {field: f"{uploads_folder(team, job_id)}{field}" for field in recordings}
    payload = {**asdict(order), **paths}
    keep_s, bound = backends.settings.job_keep_s, backends.settings.reading_max_waiting
    async with AsyncExitStack() as undo:
        for field, path in paths.items():
            undo.push_async_callback(backends.files.delete, path)
            async with backends.files.draft(path, team=team, media_type=MEDIA_TYPE, keep_s=keep_s) as draft:
                await asyncio.to_thread(_copy, recordings[field].file, draft)
        job = await submit_job(backends, KIND, team, payload, job_id=job_id, bound=bound)
        undo.pop_all()
    return job


def _copy(file: BinaryIO, draft: Path) -> None:
    file.seek(0)
    with draft.open("wb") as kept:
        shutil.copyfileobj(file, kept)
