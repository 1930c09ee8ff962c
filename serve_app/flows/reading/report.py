"""What a report of a reading is made of: its score, and its recording while that is kept (RS-091)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serve_app.backends import Backends
from serve_app.core.audio.pcm import Pcm16, as_float
from serve_app.core.jobs import Job, JobState
from serve_app.core.reading.timeline import peaks
from serve_app.engines import SAMPLE_RATE, Speech
from serve_app.errors import Conflict, NotFound
from serve_app.flows.jobs.client import job_status
from serve_app.flows.reading.recording import recorded
from serve_app.flows.reading.score import KIND
from serve_app.media.audio_encoder import FORMATS, SpeechEncoder

BARS_PER_S = 25
"""Two or three for each letter that is said: syllables and pauses can be told apart by eye."""
SOUND = FORMATS["mp3"]
"""Every browser plays it. The encoder's own choice at this rate is 32 kbit/s: 4 kB for each second."""

ONE_AT_A_TIME = ThreadPoolExecutor(1, "reading-report")
"""A minute of sound takes up to a second to encode: reports wait for each other, so that those of a class
leave processors to live captions, and the usual threads to the store."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What a pupil sent, to look at and to listen to."""

    seconds: float
    peaks: NDArray[np.float64]
    """Shape (bars,), 0..1, BARS_PER_S of them for each second."""
    sound: bytes
    """A file of the type of SOUND."""


@dataclass(frozen=True, slots=True)
class ReadingReport:
    """A reading that has been scored."""

    task_id: str
    created_at: float
    """Seconds of the epoch."""
    payload: Mapping[str, Any]
    """JSON 4 or JSON 5."""
    recording: Recording | None
    """None once it is no longer kept (JOB-006)."""


async def reading_report(backends: Backends, task_id: str, team: str) -> ReadingReport:
    """The report of a job of this team.

    Raises NotFound for the ids that a status does not know either, and Conflict while there is no score, or
    where there will never be one.
    """
    job = await job_status(backends.store, task_id, kind=KIND, team=team)
    if job.state is not JobState.SUCCESS or job.result is None:
        why = (
            f"The reading has no score: {job.state.value}." if job.ended else "The reading has no score yet."
        )
        raise Conflict(why)
    return ReadingReport(job.id, job.created_at, job.result, await _recording(backends, job))


async def _recording(backends: Backends, job: Job) -> Recording | None:
    try:
        recording = await recorded(backends, job.team, job.payload["student_audio"])
    except NotFound:
        return None
    return await asyncio.get_running_loop().run_in_executor(ONE_AT_A_TIME, _shown, recording.samples)


def _shown(samples: Pcm16) -> Recording:
    seconds = len(samples) / SAMPLE_RATE
    return Recording(seconds, peaks(samples, max(1, round(seconds * BARS_PER_S))), _encoded(samples))


def _encoded(samples: Pcm16) -> bytes:
    encoder = SpeechEncoder(SOUND)
    seconds = (samples[at : at + SAMPLE_RATE] for at in range(0, len(samples), SAMPLE_RATE))
    sound = [encoder.feed(Speech(as_float(second), SAMPLE_RATE)) for second in seconds]
    return b"".join(sound) + encoder.finish()
