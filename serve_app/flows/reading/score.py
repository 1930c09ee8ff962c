"""A reading job: who read what, how well, as one complete payload (RS-030..087, QUO-005)."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from serve_app.backends import Backends
from serve_app.clock import utc_day
from serve_app.core.jobs import Job
from serve_app.core.reading.attempt import Attempt, best_attempt
from serve_app.core.reading.parts import Json, Pronunciation, Reference, Spoken
from serve_app.core.reading.payload import no_speech_payload, score_payload
from serve_app.core.reading.rules import ReadingJob
from serve_app.core.reading.tokens import anchored, repetitions_marked, timed, tokens_of
from serve_app.core.text.thai import caption_line
from serve_app.core.usage import READING_SECONDS
from serve_app.engines import SAMPLE_RATE, Progress
from serve_app.errors import InvalidRequest
from serve_app.flows.jobs.flow import Report
from serve_app.flows.reading.pronunciation import pronunciation
from serve_app.flows.reading.recording import Recorded, recorded
from serve_app.flows.reading.transcript import ReadingTranscript, read_aloud
from serve_app.stores import JsonObject

KIND = "reading"
"""Of the jobs, and of the usage they count as."""


async def assess_job(backends: Backends, job: Job, report: Report) -> JsonObject:
    """Score the order of a job: JSON 4, or JSON 5 where nobody speaks. See `JobFlow`.

    The same recordings and fields give the same payload (RS-025). Raises what `recorded` and `read_aloud`
    raise, and InvalidRequest when there are no words to read.
    """
    order = ReadingJob(**job.payload)
    student = await recorded(backends, job.team, order.student_audio)
    report(Progress("transcription"))
    reference = await _reference(backends, job.team, order)
    payload = await _assessed(backends, order, reference, student, report)
    seconds = len(student.samples) / SAMPLE_RATE + reference.meta.get("audioDuration", 0.0)
    day = utc_day(job.created_at)
    await backends.limits.record_usage(job.team, READING_SECONDS, seconds, job=job.id, day=day)
    return payload


async def _reference(backends: Backends, team: str, order: ReadingJob) -> Reference:
    """The text, or what is said in the recording of it (RS-003)."""
    if order.reference_text:
        reference = Reference(order.reference_text, tokens_of(order.reference_text))
    else:
        recording = await recorded(backends, team, order.reference_audio)
        heard = await read_aloud(backends, order.asr_engine, recording.samples, ())
        text = caption_line(heard.words)
        reference = Reference(text, tokens_of(text), "referenceAudio", _meta(heard, recording))
    if not reference.tokens:
        raise InvalidRequest(f"{reference.sent_as}: There are no words in it.")
    return reference


async def _assessed(
    backends: Backends,
    order: ReadingJob,
    reference: Reference,
    student: Recorded,
    report: Report,
) -> Json:
    heard = await read_aloud(backends, order.asr_engine, student.samples, reference.spoken)
    request = order.view(reference.source)
    if heard.no_speech:
        return no_speech_payload(request, reference, {**heard.meta, **_damage(student)})
    spoken, attempt = await asyncio.to_thread(_attempted, reference, heard, student)
    report(Progress("alignment"))
    said = Pronunciation(reason="not_requested")
    if order.include_pronunciation:
        said = await pronunciation(backends, student.samples, spoken.span(attempt), reference.spoken)
    bounds = (backends.settings.reading_weak_below, backends.settings.reading_focus_below)
    return await asyncio.to_thread(score_payload, request, reference, spoken, attempt, said, *bounds)


def _attempted(reference: Reference, heard: ReadingTranscript, student: Recorded) -> tuple[Spoken, Attempt]:
    """The words as tokens, and which of them are the best attempt (RS-070, RS-087)."""
    expected = reference.spoken
    words = repetitions_marked(heard.words, expected)
    text = caption_line(words)
    tokens = anchored(text, expected)
    spoken = Spoken(text, tokens, timed(tokens, words), _meta(heard, student))
    return spoken, best_attempt(expected, tokens)


def _meta(heard: ReadingTranscript, recording: Recorded) -> Json:
    """RS-083, with what really listened (ASR-002)."""
    told = {**heard.meta, **_damage(recording)}
    if heard.card is None:
        return told
    impl, embedded, device = heard.card.impl, heard.card.embedded, heard.card.device
    return {**told, "model": impl, "engine_impl": impl, "embedded": embedded, "device": device}


def _damage(recording: Recorded) -> Json:
    """VP-006."""
    return {"damage": asdict(recording.damage)} if recording.damage else {}
