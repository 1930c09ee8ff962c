"""Live captions of one stream: audio in, events out, at most one decode in flight (design decision 6).

The newest audio wins: while a decode runs, audio gathers, and the next window covers all of it. Partials are
skipped then, audio never is. Finals are exact: they decode every part of the utterance that holds speech.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from serve_app.clock import Clock
from serve_app.core.audio.pcm import Pcm16
from serve_app.engines import SAMPLE_RATE as SECOND
from serve_app.engines import SpeechRecognizer, Transcription, VoiceActivityDetector
from serve_app.flows.captions.config import StreamConfig
from serve_app.flows.captions.events import EndReason, Event, ResetDone, SpeechStart, Timing
from serve_app.flows.captions.partial_rate import PartialRate, Statistics
from serve_app.flows.captions.retrying_recognizer import RecognizerFailure, RetryingRecognizer
from serve_app.flows.captions.utterance import Utterance
from serve_app.flows.captions.utterance_audio import Decode
from serve_app.media.resample import Resampler

MAX_BACKLOG = 3
"""Utterances and 30 s pieces waiting for their exact decode before the caller should stop feeding."""


class LiveTranscript:
    """One stream. Methods return at once; captions come through `emit`, in order."""

    def __init__(
        self,
        config: StreamConfig,
        recognizer: SpeechRecognizer,
        detector: VoiceActivityDetector,
        clock: Clock,
        *,
        emit: Callable[[Event], None],
        fail: Callable[[BaseException], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`fail` is called once, when a final cannot be made: EngineUnavailable, DecodeFailed or worse."""
        self._config = config
        self._recognizer = RetryingRecognizer(recognizer, sleep)
        self._detector = detector
        self._clock = clock
        self._emit = emit
        self._fail = fail
        self._resampler = Resampler(config.sample_rate)
        self._current = Utterance(config, detector)
        self._ending: deque[Utterance] = deque()
        self._task: asyncio.Task[None] | None = None
        self._running: tuple[Utterance, Decode] | None = None
        self._progress = asyncio.Event()
        self._closed = False
        self._arrived = 0.0
        self._pace = PartialRate(config.partial_interval_ms)
        self.statistics = Statistics()

    def feed(self, samples: Pcm16) -> None:
        """Take the caller's samples, of any number."""
        self._arrived = self._clock.monotonic()
        onset = self._current.feed(self._resampler.feed(samples), len(samples))
        if onset is not None:
            latency = Timing.of(self._clock.monotonic() - self._arrived, 0.0).latency_ms
            self._tell(self._current, SpeechStart(onset * 1000 // SECOND, latency))
        self._go_on()
        if reason := self._current.overdue:
            self._end(reason)

    def flush(self) -> None:
        """A partial from what is there, as soon as the recogniser is free (ASR-033)."""
        self._current.flush()
        self._go_on()

    def end_utterance(self) -> None:
        """Exactly one `Final` follows (ASR-034); audio fed from now on belongs to the next utterance."""
        self._end("end")

    def reset(self) -> None:
        """Forget the utterance (ASR-035). A final that was asked for before still comes first."""
        forgotten, self._current = self._current, Utterance(self._config, self._detector)
        self._resampler.finish()
        self._detector.reset()
        self._current.held = [event for event in forgotten.held if isinstance(event, ResetDone)]
        self._tell(self._current, ResetDone())
        self._go_on()

    @property
    def backlogged(self) -> bool:
        """True when the caller sends faster than finals can be decoded, and should wait for `caught_up`."""
        return len(self._ending) + self._current.backlog > MAX_BACKLOG

    async def caught_up(self, backlog: int = MAX_BACKLOG) -> None:
        """Wait until at most so many utterances and pieces wait; ends too when the stream failed."""
        while not self._closed and len(self._ending) + self._current.backlog > backlog:
            self._progress.clear()
            await self._progress.wait()

    async def close(self) -> None:
        """Cancel what runs; no event comes any more."""
        self._closed = True
        if (task := self._task) is not None:
            task.cancel()
            await asyncio.wait([task])

    def _end(self, reason: EndReason) -> None:
        ended, self._current = self._current, Utterance(self._config, self._detector)
        ended.feed(self._resampler.finish(), 0)
        ended.ended = (reason, self._clock.monotonic())
        self._ending.append(ended)
        self._go_on()

    def _go_on(self) -> None:
        """Stop a decode that nobody needs any more; see that work goes on."""
        if self._closed:
            return
        if self._task is None and (self._ending or self._current.has_work(self._pace.interval)):
            self._task = asyncio.create_task(self._work())
            self._task.add_done_callback(self._done)
        elif self._task is not None and self._running and not self._wanted(*self._running):
            self._task.cancel()

    def _wanted(self, utterance: Utterance, decode: Decode) -> bool:
        return utterance.wants(decode) and (utterance is self._current or utterance in self._ending)

    async def _work(self) -> None:
        """Decodes until there is nothing to do: one at a time."""
        while found := self._next():
            self._running = found
            await self._decode(*found)
            self._running = None

    def _next(self) -> tuple[Utterance, Decode] | None:
        """The most urgent decode; finals that are complete are told on the way."""
        while self._ending:
            if decode := self._ending[0].next_exact():
                return self._ending[0], decode
            self._finish(self._ending.popleft())
        self._progress.set()
        if decode := self._current.next_exact() or self._current.next_partial(self._pace.interval):
            return self._current, decode
        self._tell(self._current, *self._current.answer_flush())
        return None

    def _done(self, task: asyncio.Task[None]) -> None:
        self._task = self._running = None
        self._progress.set()
        error = None if task.cancelled() else task.exception()
        if error is None:
            self._go_on()
        elif not self._closed:
            self._closed = True
            self._fail(error)

    async def _decode(self, utterance: Utterance, decode: Decode) -> None:
        arrived = self._arrived
        needed = utterance.needs(decode)
        self.statistics.decoded_s += (decode.stretch[1] - decode.stretch[0]) / SECOND
        recognize = self._recognizer.with_retries if needed else self._recognizer.once
        try:
            heard = await recognize(utterance.samples(decode), final=decode.exact)
        except RecognizerFailure:
            if needed:
                raise
            utterance.abandon(decode)
            self.statistics.failed_partials += 1
            return
        self._accept(utterance, decode, heard, arrived)

    def _accept(self, utterance: Utterance, decode: Decode, heard: Transcription, arrived: float) -> None:
        if decode.exact:
            utterance.accept_exact(decode, heard)
        else:
            self._pace.measure(heard.decode_ms)
            self.statistics.partials += 1
            self.statistics.skipped_partials += utterance.skipped(decode)
        if utterance.ended is None and not utterance.closed(decode):
            # A final that was begun ahead is the best hypothesis there is.
            timing = Timing.of(self._clock.monotonic() - arrived, heard.decode_ms)
            self._tell(utterance, *utterance.accept_hypothesis(decode, heard, timing))

    def _finish(self, utterance: Utterance) -> None:
        assert utterance.ended is not None
        reason, at = utterance.ended
        self.statistics.finals += 1
        self._emit(utterance.final(reason, self._clock.monotonic() - at))
        following = self._ending[0] if self._ending else self._current
        held, following.held = following.held, []
        for event in held:
            self._emit(event)

    def _tell(self, utterance: Utterance, *events: Event) -> None:
        """Events of an utterance wait until the finals of all earlier ones are told (ASR-053)."""
        earlier = self._ending and utterance is not self._ending[0]
        for event in events:
            (utterance.held.append if earlier else self._emit)(event)
