"""A whole transcript in each of OpenAI's formats (OAI-002, OAI-003)."""

from __future__ import annotations

import asyncio
from typing import Literal

from fastapi import Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, ConfigDict

from serve_app.core.audio.losses import Damage
from serve_app.core.text.subtitles import subrip, webvtt
from serve_app.flows.transcription.segments import Transcript

Format = Literal["json", "text", "srt", "verbose_json", "vtt"]
Granularity = Literal["word", "segment"]


class Usage(BaseModel):
    """What was counted."""

    type: Literal["duration"] = "duration"
    seconds: float


class JsonTranscript(BaseModel):
    """`response_format=json`."""

    text: str
    usage: Usage
    damage: Damage | None
    """Left out where all of the recording was decoded (VP-006)."""


class WordView(BaseModel):
    """A word without the spaces around it; seconds."""

    word: str
    start: float
    end: float


class SegmentView(BaseModel):
    """OpenAI's fields of a segment."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    seek: int
    start: float
    end: float
    text: str
    tokens: tuple[int, ...]
    temperature: float
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float


class VerboseTranscript(JsonTranscript):
    """`response_format=verbose_json`; lists that were not asked for are left out."""

    task: Literal["transcribe"] = "transcribe"
    language: str
    """ISO 639-1; empty when nothing was said and nothing given."""
    duration: float
    segments: list[SegmentView] | None
    words: list[WordView] | None


async def written(transcript: Transcript, form: Format, granularities: list[Granularity]) -> Response:
    """The answer; `granularities` are those of `verbose_json`."""
    if form == "text":
        return PlainTextResponse(f"{transcript.text}\n")
    if form == "srt":  # the layout of two hours of subtitles takes half a second
        return PlainTextResponse(await asyncio.to_thread(subrip, transcript.segments))
    if form == "vtt":
        return Response(await asyncio.to_thread(webvtt, transcript.segments), media_type="text/vtt")
    answer = _json(transcript) if form == "json" else _verbose(transcript, granularities)
    return Response(answer.model_dump_json(exclude_none=True), media_type="application/json")


def _json(transcript: Transcript) -> JsonTranscript:
    usage = Usage(seconds=round(transcript.duration, 3))
    return JsonTranscript(text=transcript.text, usage=usage, damage=transcript.damage)


def _verbose(transcript: Transcript, granularities: list[Granularity]) -> VerboseTranscript:
    segments = [SegmentView.model_validate(segment) for segment in transcript.segments]
    words = [WordView(word=word.text, start=word.start, end=word.end) for word in transcript.words]
    return VerboseTranscript(
        **dict(_json(transcript)),
        language=transcript.language or "",
        duration=round(transcript.duration, 3),
        segments=segments if "segment" in granularities else None,
        words=words if "word" in granularities else None,
    )
