"""A recogniser for one stream: bounded waits, and repeats where a final depends on the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from serve_app.core.audio.pcm import Pcm16, as_float
from serve_app.engines import SpeechRecognizer, Transcription
from serve_app.errors import DecodeFailed, EngineUnavailable, Unavailable

DECODE_TIMEOUT_S = 20.0
"""A replica that takes longer hangs or is hopelessly behind: 30 s of audio take a slow CPU a few seconds."""
RETRY_DELAYS_S = (0.2, 1.0, 3.0)
"""Waits before the repeats: together the time in which a dead replica's place is taken by another."""
RecognizerFailure = (DecodeFailed, Unavailable)
"""What may pass by itself."""


class RetryingRecognizer:
    """Asks once for what may be missed, and again and again for what may not."""

    def __init__(self, recognizer: SpeechRecognizer, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._recognizer = recognizer
        self._sleep = sleep

    async def once(self, samples: Pcm16, *, final: bool) -> Transcription:
        """Recognise 16 kHz samples. Raises DecodeFailed and Unavailable, also after DECODE_TIMEOUT_S."""
        try:
            async with asyncio.timeout(DECODE_TIMEOUT_S):
                return await self._recognizer.transcribe(as_float(samples), final=final)
        except TimeoutError:
            raise EngineUnavailable("The recogniser did not answer in time.") from None

    async def with_retries(self, samples: Pcm16, *, final: bool) -> Transcription:
        """Like `once`, repeated after each of RETRY_DELAYS_S; raises what the last try raised."""
        for delay in RETRY_DELAYS_S:
            try:
                return await self.once(samples, final=final)
            except RecognizerFailure:
                await self._sleep(delay)
        return await self.once(samples, final=final)
