"""One utterance: what to decode next, and what the hypotheses become. No async, no clock, no socket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from serve_app.core.audio.endpointing import PAD
from serve_app.core.audio.pcm import Pcm16, audible
from serve_app.core.captions.decode_window import FORCE_AFTER, window_start
from serve_app.core.captions.stabilizer import Stabilizer
from serve_app.engines import SAMPLE_RATE as SECOND
from serve_app.engines import Transcription, VoiceActivityDetector, Word
from serve_app.flows.captions.config import StreamConfig
from serve_app.flows.captions.events import Captions, EndReason, Event, Final, Timing, written
from serve_app.flows.captions.utterance_audio import SHORTEST, Decode, Stretch, UtteranceAudio

SETTLED_PAUSE = SECOND
"""After this much silence the next word does not change the ones before it."""
SPECULATE_AFTER = PAD
"""Trailing silence that starts the final ahead of the call for it: all audio it will need is there then."""
HANGOVER = 480 * SECOND // 1000
"""Partials go on this long into silence: the last word needs 240 ms of agreement and 200 ms after it."""
BACKOFF = SECOND // 2
"""New audio before the next try after a partial failed."""


class Utterance:
    """Collects audio and hypotheses, and gives captions."""

    def __init__(self, config: StreamConfig, detector: VoiceActivityDetector) -> None:
        self._config = config
        self._audio = UtteranceAudio(detector if config.vad else None)
        self._stabilizer = Stabilizer()
        self._received = 0
        self._exact: dict[Stretch, Transcription] = {}
        self._abandoned: Decode | None = None
        self._decoded_to = self._forgot_at = 0
        self._flushing = False
        self._captions = Captions()
        self.ended: tuple[EndReason, float] | None = None
        """Who ended it and when; set by the stream."""
        self.held: list[Event] = []
        """Events that wait for the finals of earlier utterances (ASR-053)."""

    # Audio.

    def feed(self, samples: Pcm16, received: int) -> int | None:
        """Take 16 kHz samples made of `received` samples of the caller's.

        Gives where the utterance's speech began, in samples, when that is decided by them.
        """
        before = self._audio.onset
        self._received += received
        for silent_from, onset in self._audio.feed(samples):
            if before is not None and onset - silent_from >= SETTLED_PAUSE:
                self._stabilizer.settle((onset - PAD) / SECOND)
        self._forget()
        return self._audio.onset if before is None else None

    def _forget(self) -> None:
        """Once a second, let go of the audio that neither a window nor a final will need."""
        if self._audio.end - self._forgot_at >= SECOND:
            self._forgot_at = self._audio.end
            waiting = [piece[0] for piece in self._audio.pieces if piece not in self._exact]
            self._audio.forget(min([self._window_start(), *waiting]))

    def samples(self, decode: Decode) -> Pcm16:
        """A copy of the audio of a decode."""
        return self._audio.between(*decode.stretch)

    @property
    def audio_ms(self) -> int:
        """Milliseconds received, from the caller's own sample count (ASR-048)."""
        return self._received * 1000 // self._config.sample_rate

    @property
    def backlog(self) -> int:
        """Closed pieces that are not decoded yet."""
        pieces = self._audio.pieces  # asked for every frame, and nearly always empty
        return sum(piece not in self._exact for piece in pieces) if pieces else 0

    @property
    def overdue(self) -> EndReason | None:
        """Why the stream should end the utterance by itself, if it should."""
        if self._audio.onset is None or not self._received:
            return None
        limit = self._config.endpoint_silence_ms
        if limit is not None and self._audio.silence >= limit * SECOND // 1000:
            return "endpoint"
        return "utterance_limit" if self._audio.end >= self._config.utterance_limit_s * SECOND else None

    # What to decode next.

    def has_work(self, interval: int) -> bool:
        """Whether there is something to decode or a flush to answer."""
        return self._flushing or bool(self.next_exact() or self.next_partial(interval))

    def next_exact(self) -> Decode | None:
        """A closed piece; then the tail, once the utterance has ended or seems to."""
        for piece in self._audio.pieces:
            if piece not in self._exact:
                return Decode(piece, exact=True)
        pausing = self._audio.silence >= SPECULATE_AFTER and not self._audio.speaking
        tail = self._audio.tail() if self.ended or pausing else None
        if tail is None or tail in self._exact:
            return None
        decode = Decode(tail, exact=True)
        return None if decode == self._abandoned and not self.ended else decode

    def next_partial(self, interval: int) -> Decode | None:
        """The rolling window, if `interval` samples of new speech are there or a flush asks for it."""
        end, onset = self._audio.end, self._audio.onset
        if onset is None or end - self._decoded_to < (1 if self._flushing else interval):
            return None
        too_early = end - onset < self._config.min_decode_audio_ms * SECOND // 1000
        if not self._flushing and (too_early or self._audio.silence >= HANGOVER):
            return None
        start = self._window_start()
        if end - start < SHORTEST or not audible(self._audio.between(start, end)):
            return None
        return Decode((start, end), exact=False)

    def closed(self, decode: Decode) -> bool:
        """Whether a decode is for a closed piece."""
        return decode.exact and decode.stretch in self._audio.pieces

    def needs(self, decode: Decode) -> bool:
        """Whether the final cannot do without a decode."""
        return self.closed(decode) or (decode.exact and self.ended is not None)

    def wants(self, decode: Decode) -> bool:
        """False for a partial after the end, and for a final begun ahead that more speech has overtaken."""
        if decode.exact:
            return decode.stretch in (*self._audio.pieces, self._audio.tail())
        return self.ended is None

    def _window_start(self) -> int:
        return window_start(
            self._stabilizer.committed,
            self._stabilizer.time,
            onset=self._audio.onset or 0,
            end=self._audio.end,
            target=self._config.decode_window_ms * SECOND // 1000,
        )

    # From hypotheses to captions.

    def flush(self) -> None:
        """The next partial may not wait (ASR-033)."""
        self._flushing = True

    def abandon(self, decode: Decode) -> None:
        """A decode that the final can do without has failed: try again on new audio only."""
        if decode.exact:
            self._abandoned = decode
        else:
            self._decoded_to = self._audio.end + BACKOFF

    def accept_exact(self, decode: Decode, heard: Transcription) -> None:
        """Keep a decode for the final; of the tail, only the newest."""
        self._exact = {piece: done for piece, done in self._exact.items() if piece in self._audio.pieces}
        self._exact[decode.stretch] = replace(heard, words=_shifted(heard.words, decode.stretch[0]))

    def skipped(self, decode: Decode) -> int:
        """Partials that the chosen interval would have had since the last decode."""
        interval = self._config.partial_interval_ms * SECOND // 1000
        return max(0, (decode.stretch[1] - max(self._decoded_to, self._audio.onset or 0)) // interval - 1)

    def accept_hypothesis(self, decode: Decode, heard: Transcription, timing: Timing) -> list[Event]:
        """The captions that this hypothesis changes."""
        start, end = decode.stretch
        self._stabilizer.accept(_shifted(heard.words, start), end / SECOND)
        if end - self._stabilizer.time * SECOND >= FORCE_AFTER:
            self._stabilizer.force(end / SECOND)
        self._decoded_to = max(self._decoded_to, end)
        return self._news(timing)

    def answer_flush(self) -> list[Event]:
        """What is known already, for a flush that finds nothing to decode."""
        return self._news(Timing(0, 0)) if self._flushing else []

    def final(self, reason: EndReason, elapsed_s: float) -> Final:
        """The authoritative caption, once every decode that it needs is in."""
        parts = [self._exact[part] for part in (*self._audio.pieces, self._audio.tail()) if part]
        engine_ms = sum(part.decode_ms for part in parts)
        words = [word for part in parts for word in part.words]
        timing = Timing.of(elapsed_s, engine_ms)
        return Final(*written(words, self.audio_ms), self.audio_ms, timing, round(engine_ms), reason)

    def _news(self, timing: Timing) -> list[Event]:
        committed, tail = self._stabilizer.committed, self._stabilizer.tail
        flushing, self._flushing = self._flushing, False
        return self._captions.news(committed, tail, self.audio_ms, timing, even_if_old=flushing)


def _shifted(words: Sequence[Word], start: int) -> tuple[Word, ...]:
    offset = start / SECOND
    return tuple(replace(word, start=word.start + offset, end=word.end + offset) for word in words)
