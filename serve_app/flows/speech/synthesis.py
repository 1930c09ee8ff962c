"""A speech job: the text is spoken, written as a WAV, counted (TTS-025..028, QUO-005)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack, aclosing
from typing import Any

import numpy as np

from serve_app.backends import Backends
from serve_app.clock import utc_day
from serve_app.core.jobs import Job
from serve_app.core.speech.rules import SpeechJob
from serve_app.core.usage import SPEECH_SECONDS
from serve_app.engines import TTS, Models, Speech, SpeechRequest
from serve_app.errors import SynthesisFailed
from serve_app.flows.jobs.flow import Report
from serve_app.flows.voices.references import load
from serve_app.media.wav import MEDIA_TYPE, wav
from serve_app.output_files import output_path
from serve_app.stores import JsonObject

KIND = "tts"
"""Of the jobs, and of the usage they count as."""
FOLDER = "generations/tts"
"""TTS-028."""


async def speak_job(backends: Backends, job: Job, report: Report) -> JsonObject:
    """Speak the order of a job; `path` and `metadata` of the file. See `JobFlow`.

    What is written when the job is taken away or cancelled is removed again.
    """
    order = SpeechJob(**job.payload)
    speech = await synthesize(backends.models, await request_of(backends, job.team, order), report)
    seconds = len(speech.samples) / speech.sample_rate
    day = utc_day(job.created_at)
    path = output_path(FOLDER, f"tts_{order.model}", day, "wav")
    content = await asyncio.to_thread(wav, speech.samples, speech.sample_rate)
    metadata = {**speech.extras, **_metadata(order, speech)}
    async with AsyncExitStack() as undo:
        undo.push_async_callback(backends.files.delete, path)
        keep_s = backends.settings.output_keep_s
        await backends.files.write(path, content, team=job.team, media_type=MEDIA_TYPE, keep_s=keep_s)
        await backends.limits.record_usage(job.team, SPEECH_SECONDS, seconds, job=job.id, day=day)
        undo.pop_all()
    return {"path": path, "metadata": metadata}


async def synthesize(models: Models, request: SpeechRequest, report: Report) -> Speech:
    """The speech of one request, with some sound in it. Raises what the synthesiser raises."""
    synthesizer = await models.find(TTS, request.model)
    async with aclosing(synthesizer.synthesize(request)) as items:
        async for item in items:
            if isinstance(item, Speech):
                return _checked(item)
            report(item)
    raise SynthesisFailed


async def request_of(backends: Backends, team: str, order: SpeechJob) -> SpeechRequest:
    """What is asked of the engine. The reference is read again here: any host may run a job."""
    return SpeechRequest(
        text=order.text,
        language=order.language,
        model=order.model,
        seed=order.seed,
        speaker=order.speaker,
        reference=await load(backends, team, order.reference, order.transcript) if order.reference else None,
        instruct=order.instruct,
        f5_thai_variant=order.f5_thai_variant,
        vieneu_expression=order.vieneu_expression,
    )


def _checked(speech: Speech) -> Speech:
    if not speech.samples.size or not np.isfinite(speech.samples).all():
        raise SynthesisFailed("The model gave no usable sound.")
    return speech


def _metadata(order: SpeechJob, speech: Speech) -> Mapping[str, Any]:
    """TTS-025; fields that say nothing are left out."""
    voice = {"speaker": order.speaker, "clone_audio": order.reference, "clone_text": order.transcript}
    engine = {"engine_impl": speech.card.impl, "embedded": speech.card.embedded} if speech.card else {}
    style = {"instruct": order.instruct}
    if (order.model, order.language) == ("f5", "th"):
        style["f5_thai_variant"] = order.f5_thai_variant
    if order.model == "vieneu_v2":
        style["vieneu_expression"] = order.vieneu_expression
    return {
        "text": order.text,
        "language": order.language,
        "model": order.model,
        "duration": round(len(speech.samples) / speech.sample_rate, 3),
        "seed": order.seed,
        "sample_rate": speech.sample_rate,
        "synthesis_ms": round(speech.synthesis_ms, 1),
        **engine,
        **{name: value for name, value in (voice | style).items() if value},
    }
