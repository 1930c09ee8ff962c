"""A recording becomes text: pieces go to a recogniser side by side, segments come out in order (VP-001)."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any, BinaryIO

from serve_app.auth import Caller
from serve_app.backends import Backends
from serve_app.concurrency import iterate_in_thread
from serve_app.core.audio.losses import Damage
from serve_app.core.audio.pcm import Pcm16, as_float
from serve_app.engines import ASR, EngineCard, Hints, SpeechRecognizer, Transcription
from serve_app.errors import DailyAudioQuotaExceeded, InvalidRequest
from serve_app.flows.transcription.segments import Segment, Transcript, segments_of
from serve_app.flows.transcription.speech_pieces import Piece, SpeechPieces
from serve_app.media.audio_file import AudioFile

IN_FLIGHT = 4
"""Pieces at the recogniser: two of 30 s fill a batch of a replica, and two more wait for it to be done. More
would only let one file fill the queue in which others stand."""
Answer = tuple[Piece, Transcription]
Count = Callable[[float], Coroutine[Any, Any, object]]


class FileTranscription:
    """Transcribes one recording, once; what it holds is let go of when its last segment is taken, or none is
    wanted any more."""

    def __init__(
        self, file: BinaryIO, recognizer: SpeechRecognizer, backends: Backends, hints: Hints, count: Count
    ) -> None:
        """`file` stays open until the end. `count` is told how much was decoded, once, also of a failure."""
        self._file = file
        self._audio: AudioFile | None = None
        self._max_seconds = backends.settings.transcribe_max_audio_s
        self._pieces = SpeechPieces(self._blocks(), backends.new_detector())
        self._recognizer = recognizer
        self._hints = hints
        self._count = count
        self._ids = itertools.count()

    @property
    def damage(self) -> Damage | None:
        """What of the recording could not be decoded, known after the last segment (VP-006)."""
        return self._audio.damage if self._audio else None

    async def transcript(self) -> Transcript:
        """The whole recording. Raises what `segments` raises."""
        segments = [segment async for segment in self.segments()]
        return Transcript(segments, self._hints.language, self._pieces.seconds, self.damage)

    async def segments(self) -> AsyncGenerator[Segment, None]:
        """Each segment as soon as it is known, in order; to be closed by who stops early.

        Raises InvalidAudio, AudioTooLong, and what the recogniser raises for any of the pieces.
        """
        reading = iterate_in_thread(iter(self._pieces))
        try:
            async with aclosing(reading) as pieces, aclosing(self._heard(pieces)) as answers:
                async for piece, heard in answers:
                    for segment in self._segments(piece, heard):
                        yield segment
        finally:
            if self._audio:  # a thread may still be inside it
                self._audio.close()
            await asyncio.shield(asyncio.ensure_future(self._count(self._pieces.seconds)))

    def _blocks(self) -> Iterator[Pcm16]:
        # It reads the file, so it is not made before a thread comes here.
        self._audio = AudioFile(self._file, max_seconds=self._max_seconds)
        yield from self._audio.blocks()

    async def _heard(self, pieces: AsyncGenerator[Piece, None]) -> AsyncGenerator[Answer, None]:
        """Answers in the order of their pieces. Another piece is read while some are decoded."""
        reading: asyncio.Future[Piece | None] | None = asyncio.ensure_future(anext(pieces, None))
        decoding: deque[asyncio.Future[Answer]] = deque()
        try:
            while reading or decoding:
                awaited: list[asyncio.Future[Any]] = [*islice(decoding, 1)]
                if reading and len(decoding) < self._width:
                    awaited.append(reading)
                await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
                if decoding and decoding[0].done():
                    yield decoding.popleft().result()
                elif reading and (piece := reading.result()):
                    decoding.append(asyncio.ensure_future(self._decode(piece)))
                    reading = asyncio.ensure_future(anext(pieces, None))
                else:
                    reading = None
        finally:
            unfinished: list[asyncio.Future[Any]] = [*decoding, *([reading] if reading else [])]
            for each in unfinished:
                each.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)

    @property
    def _width(self) -> int:
        """The language of the first piece with words is the hint for all others, so they wait for it."""
        return IN_FLIGHT if self._hints.language else 1

    async def _decode(self, piece: Piece) -> Answer:
        audio = as_float(piece.audio)
        return piece, await self._recognizer.transcribe(audio, final=True, hints=self._hints, live=False)

    def _segments(self, piece: Piece, heard: Transcription) -> Iterator[Segment]:
        if heard.words and not self._hints.language:
            self._hints = replace(self._hints, language=heard.language)
        return segments_of(piece, heard, self._hints.temperature, self._ids)


async def transcription_for(
    caller: Caller, backends: Backends, card: EngineCard, file: BinaryIO, hints: Hints
) -> FileTranscription:
    """A transcription of a caller's file, counted as audio of today (QUO-013).

    Raises InvalidRequest for a language that the engine does not know, DailyAudioQuotaExceeded when nothing
    is left of the day, and EngineUnavailable.
    """
    if hints.language and card.languages and hints.language not in card.languages:
        raise InvalidRequest(f"language: {card.engine} understands {', '.join(card.languages)}.")
    usage = await backends.limits.audio_today(caller)
    if usage.used >= usage.limit:
        raise DailyAudioQuotaExceeded
    recognizer = await backends.models.find(ASR, card.engine)
    return FileTranscription(file, recognizer, backends, hints, partial(backends.limits.add_audio, caller))
