"""A reading job: who read what, how well, as one complete payload (RS-030..087, QUO-005)."""

from __future__ import annotations

import asyncio

from serve_app.backends import Backends
from serve_app.clock import utc_day
from serve_app.core.jobs import Job
from serve_app.core.pcm import Pcm16
from serve_app.core.reading_attempt import Attempt, best_attempt
from serve_app.core.reading_parts import Json, Pronunciation, Reference, Spoken
from serve_app.core.reading_payload import no_speech_payload, score_payload
from serve_app.core.reading_request import ReadingOrder
from serve_app.core.reading_tokens import anchored, timed, tokens_of
from serve_app.core.thai import caption_line
from serve_app.engines import SAMPLE_RATE, EngineCard, Progress
from serve_app.errors import EngineUnavailable, InvalidRequest
from serve_app.flows.job_flow import Report
from serve_app.flows.reading_pronunciation import pronunciation
from serve_app.flows.reading_recording import recorded
from serve_app.flows.reading_transcript import ReadingTranscript, read_aloud
from serve_app.stores import JsonObject

KIND = "reading"
"""Of the jobs, and of the usage they count as."""


async def assess_job(backends: Backends, job: Job, report: Report) -> JsonObject:
    """Score the order of a job: JSON 4, or JSON 5 where nobody speaks. See `JobFlow`.

    The same recordings and fields give the same payload (RS-025). Raises what `recorded` and `read_aloud`
    raise, and InvalidRequest when there are no words to read.
    """
    order = ReadingOrder(**job.payload)
    student = await recorded(backends, job.team, order.student_audio)
    report(Progress("transcription"))
    engine = await _engine(backends, order.asr_engine)
    reference = await _reference(backends, job.team, order, engine)
    payload = await _assessed(backends, order, reference, student, engine, report)
    seconds = len(student) / SAMPLE_RATE + reference.meta.get("audioDuration", 0.0)
    day = utc_day(job.created_at)
    await backends.limits.record_usage(job.team, KIND, seconds, job=job.id, day=day)
    return payload


async def _reference(backends: Backends, team: str, order: ReadingOrder, engine: Json) -> Reference:
    """The text, or what is said in the recording of it (RS-003)."""
    if order.reference_text:
        reference = Reference(order.reference_text, tokens_of(order.reference_text))
    else:
        samples = await recorded(backends, team, order.reference_audio)
        heard = await read_aloud(backends, order.asr_engine, samples, ())
        text = caption_line(heard.words)
        reference = Reference(text, tokens_of(text), "referenceAudio", {**heard.meta, **engine})
    if not reference.tokens:
        raise InvalidRequest(f"{reference.sent_as}: There are no words in it.")
    return reference


async def _assessed(
    backends: Backends,
    order: ReadingOrder,
    reference: Reference,
    student: Pcm16,
    engine: Json,
    report: Report,
) -> Json:
    heard = await read_aloud(backends, order.asr_engine, student, reference.tokens)
    request = order.view(reference.source)
    if heard.no_speech:
        return no_speech_payload(request, reference, heard.meta)
    spoken, attempt = await asyncio.to_thread(_attempted, reference, heard, {**heard.meta, **engine})
    report(Progress("alignment"))
    said = Pronunciation(reason="not_requested")
    if order.include_pronunciation:
        said = await pronunciation(backends, student, spoken.span(attempt), reference.tokens)
    bounds = (backends.settings.reading_weak_below, backends.settings.reading_focus_below)
    return await asyncio.to_thread(score_payload, request, reference, spoken, attempt, said, *bounds)


def _attempted(reference: Reference, heard: ReadingTranscript, meta: Json) -> tuple[Spoken, Attempt]:
    """The words as tokens, and which of them are the best attempt (RS-070, RS-087)."""
    text = caption_line(heard.words)
    tokens = anchored(text, reference.tokens)
    spoken = Spoken(text, tokens, timed(tokens, heard.words), meta)
    return spoken, best_attempt(reference.tokens, tokens)


async def _engine(backends: Backends, engine: str) -> Json:
    """What really listens (ASR-002). Raises EngineUnavailable."""
    for card in await backends.models.cards():
        if (card.task, card.engine) == ("asr", engine):
            return _view(card)
    raise EngineUnavailable


def _view(card: EngineCard) -> Json:
    return {"model": card.impl, "engine_impl": card.impl, "embedded": card.embedded}
