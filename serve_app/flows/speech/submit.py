"""From a caller's fields to a queued speech job (TTS-001, TTS-010, JOB-005)."""

from __future__ import annotations

from dataclasses import asdict

from serve_app.backends import Backends
from serve_app.core.jobs import Job
from serve_app.core.speech.rules import SpeechFields, resolve
from serve_app.engines import TTS
from serve_app.errors import InvalidRequest, UpstreamUnreachable
from serve_app.flows.jobs.client import random_seed, submit_job
from serve_app.flows.jobs.idempotency import fingerprint, once
from serve_app.flows.speech.synthesis import KIND
from serve_app.flows.voices.references import resolve_reference

ROUTE = "POST /api/tts/v1/audio/speech"
"""Under which idempotency keys are kept."""


async def submit_speech(
    backends: Backends, team: str, asked: SpeechFields, idempotency_key: str | None
) -> Job:
    """Check all that can be checked before a job is accepted, then queue it; a repeat gives the first job.

    Raises InvalidRequest, what `resolve_reference` raises, UpstreamUnreachable when nothing that lives
    speaks for the model (ERR-006), QueueFull, IdempotencyConflict and IdempotencyInProgress.
    """
    body = fingerprint(asdict(asked))
    async with once(backends.store, backends.clock, team, ROUTE, idempotency_key, body) as job_id:
        if idempotency_key and (repeated := await backends.store.job(job_id)):
            return repeated
        order = resolve(asked, backends.settings.tts_pairs, random_seed=random_seed())
        await check_speaks(backends, order.model, order.language, order.speaker)
        order = await resolve_reference(backends, team, order)
        bound = backends.settings.tts_max_waiting
        return await submit_job(backends, KIND, team, asdict(order), job_id=job_id, bound=bound)


async def check_speaks(backends: Backends, model: str, language: str, speaker: str) -> None:
    """Raises UpstreamUnreachable when nothing lives behind a model's name, and InvalidRequest when what does
    has not this language or this speaker."""
    card = (await backends.cards.of(TTS)).get(model)
    if card is None:
        raise UpstreamUnreachable(f"No runtime of {model} answers.")
    if card.languages and language not in card.languages:
        raise InvalidRequest(f"language: {model} speaks {', '.join(card.languages)} here.")
    known = [name.casefold() for name in card.speakers]
    if speaker and known and speaker.casefold() not in known:
        raise InvalidRequest(f"{model} has no speaker {speaker!r}; it has {', '.join(card.speakers)}.")
