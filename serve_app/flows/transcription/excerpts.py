"""Parts of a recording at a recogniser, a few at a time, as words with their times in the recording."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from serve_app.core.audio.pcm import Pcm16, as_float
from serve_app.core.text.thai import timed
from serve_app.engines import SAMPLE_RATE, Audio, Hints, SpeechRecognizer, Transcription, Word
from serve_app.flows.transcription.file_transcription import IN_FLIGHT
from serve_app.flows.transcription.speech_pieces import SpeechPieces

BLOCK = SAMPLE_RATE
"""What `SpeechPieces` is fed at once: a second, as a container's decoder would."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A part of a recording."""

    start: float
    """Seconds from the start of the recording; below 0 for one that begins with added silence."""
    audio: Pcm16
    """16 kHz mono, at most 30 s."""


async def transcribe_excerpts(
    recognizer: SpeechRecognizer, excerpts: Sequence[Excerpt], hints: Hints
) -> list[Transcription]:
    """Each excerpt as it was heard, on the file lane, with times in the recording. Raises what the recogniser
    raises, and then nothing is left running."""
    slots = asyncio.Semaphore(IN_FLIGHT)

    async def decoded(excerpt: Excerpt) -> Transcription:
        async with slots:
            audio = as_float(excerpt.audio)
            told = await recognizer.transcribe(audio, final=True, hints=hints, live=False)
        return replace(told, words=_placed(excerpt, told.words))

    decoding = [asyncio.ensure_future(decoded(excerpt)) for excerpt in excerpts]
    try:
        return await asyncio.gather(*decoding)
    finally:
        for each in decoding:
            each.cancel()
        await asyncio.gather(*decoding, return_exceptions=True)


def spoken_excerpts(samples: Pcm16, probabilities: NDArray[np.float64]) -> list[Excerpt]:
    """All speech of a recording in pieces of at most 30 s, cut at its silences (VP-001).

    `probabilities` of voice, one for each frame of 32 ms, so that nobody has to listen twice.
    """
    blocks = (samples[start : start + BLOCK] for start in range(0, len(samples), BLOCK))
    pieces = SpeechPieces(blocks, _Known(probabilities))
    return [excerpt(samples, piece.start, piece.start + len(piece.audio) / SAMPLE_RATE) for piece in pieces]


def excerpt(samples: Pcm16, start: float, end: float) -> Excerpt:
    """The part from `start` to `end`, in seconds; silence where the recording has not begun or is over.

    It is no copy where it need not be: windows of a long recording overlap.
    """
    first, last = round(start * SAMPLE_RATE), round(end * SAMPLE_RATE)
    inside = samples[max(first, 0) : max(last, 0)]
    before, missing = max(-first, 0), last - first - len(inside)
    return Excerpt(start, np.pad(inside, (before, missing - before)) if missing else inside)


def _placed(excerpt: Excerpt, words: Sequence[Word]) -> tuple[Word, ...]:
    return tuple(
        replace(word, start=round(excerpt.start + word.start, 3), end=round(excerpt.start + word.end, 3))
        for word in timed(words, len(excerpt.audio) / SAMPLE_RATE)
    )


class _Known:
    """A `VoiceActivityDetector` that has heard the recording already."""

    name = "known"

    def __init__(self, probabilities: NDArray[np.float64]) -> None:
        self._next = iter(probabilities.tolist())

    def speech_probability(self, frame: Audio) -> float:
        return float(next(self._next))

    def reset(self) -> None:
        """It begins at the start."""
