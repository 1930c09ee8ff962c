"""Decodes a reading again where words were lost, and keeps what finds more of the expected text (RS-084)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from serve_app.core.audio.endpointing import FRAME
from serve_app.core.audio.pcm import Pcm16
from serve_app.core.reading.gaps import found, has_gaps, kept_frames, merged, placed, truncated, windows
from serve_app.core.reading.tokens import anchored, spoken_form
from serve_app.core.text.thai import caption_line, timed
from serve_app.engines import Hints, SpeechRecognizer, Word
from serve_app.flows.transcription.excerpts import excerpt, spoken_excerpts, transcribe_excerpts
from serve_app.flows.transcription.voice_activity import VoiceActivity
from serve_app.stores import JsonObject


@dataclass(frozen=True, slots=True)
class Recovery:
    """For one recording that holds voice."""

    recognizer: SpeechRecognizer
    samples: Pcm16
    activity: VoiceActivity
    hints: Hints
    """With the tokens that are expected, at least one."""

    async def better(self, words: Sequence[Word]) -> tuple[Sequence[Word], JsonObject]:
        """The words of a first decode or of a later one, and what `student.meta` tells of it (RS-083).

        A later decode counts only when it finds more tokens of the reference. Raises what the recogniser
        raises.
        """
        meta: dict[str, bool | int] = {}
        if self._has_gaps(words) and await self._found(words) < len(self.hints.expected):
            again = await self._without_silence()
            if await self._found(again) > await self._found(words):
                words, meta["silenceRemovedOnTyphoon"] = again, True
        if self._truncated(words):
            again, decoded = await self._in_windows()
            if await self._found(again) > await self._found(words):
                words, meta["windowedRecoveryOnTyphoon"] = again, True
                meta["windowedRecoveryWindowCount"] = decoded
        return words, meta

    def _has_gaps(self, words: Sequence[Word]) -> bool:
        return has_gaps(words, self.activity.regions, self.activity.probabilities)

    def _truncated(self, words: Sequence[Word]) -> bool:
        return truncated(_letters(caption_line(words)), _letters("".join(self.hints.expected)))

    async def _found(self, words: Sequence[Word]) -> int:
        """In a thread: ten minutes of speech take a while to segment."""
        spoken = await asyncio.to_thread(anchored, caption_line(words), self.hints.expected)
        return found(spoken, self.hints.expected)

    async def _without_silence(self) -> list[Word]:
        """What is heard in a copy with short silences."""
        probabilities = self.activity.probabilities
        kept = kept_frames(self.activity.regions, len(probabilities))
        copy = await asyncio.to_thread(_frames, self.samples, kept)
        excerpts = await asyncio.to_thread(spoken_excerpts, copy, probabilities[kept])
        decoded = await transcribe_excerpts(self.recognizer, excerpts, self.hints)
        return [placed(word, kept) for told in decoded for word in told.words]

    async def _in_windows(self) -> tuple[list[Word], int]:
        """What is heard in short overlapping windows, and how many those are."""
        spans = list(windows(self.activity.regions))
        excerpts = [excerpt(self.samples, start, end) for start, end in spans]
        decoded = await transcribe_excerpts(self.recognizer, excerpts, self.hints)
        overlaps = [(after[0], before[1]) for before, after in pairwise(spans)]
        words: Sequence[Word] = decoded[0].words
        for after, overlap in zip(decoded[1:], overlaps, strict=True):
            words = merged(words, after.words, overlap)
        return timed(words, self.activity.duration), len(spans)


def _frames(samples: Pcm16, kept: NDArray[np.intp]) -> Pcm16:
    """The frames that are kept, one after the other."""
    padded = np.pad(samples, (0, -len(samples) % FRAME))
    return padded.reshape(-1, FRAME)[kept].ravel()


def _letters(text: str) -> str:
    """A text as it is compared: without white space."""
    return spoken_form(text).replace(" ", "")
