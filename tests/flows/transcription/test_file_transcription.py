"""A recording becomes text: VP-001, VP-002, QUO-013."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from serve_app.auth import Caller, Policy
from serve_app.backends import Backends
from serve_app.core.text.subtitles import continuation
from serve_app.engines import NO_HINTS, Audio, EngineCard, Hints, Transcription, Word
from serve_app.errors import (
    AudioTooLong,
    DailyAudioQuotaExceeded,
    DecodeFailed,
    EngineUnavailable,
    InvalidAudio,
    InvalidRequest,
)
from serve_app.flows.transcription.file_transcription import IN_FLIGHT, FileTranscription, transcription_for
from tests.conftest import eventually
from tests.fakes import ScriptedModels, open_backends
from tests.flows.captions.scripted_speech import RATE, STEP, Detector, audio, position, spoken
from tests.recordings import encode

CALLER = Caller("team", "a school", "prefix", Policy(daily_audio_seconds=100))
TWO = spoken("Good morning.", 1.0) + spoken("How are you?", 5.0)
"""Two pieces: a silence of two seconds and more lies between."""
SIX = [word for start in range(1, 31, 5) for word in spoken("one two", float(start))]


@dataclass
class Call:
    """One piece at the engine."""

    start: float
    hints: Hints
    final: bool
    live: bool


@dataclass
class Engine:
    """Hears the words of a script in the audio it is given; a piece from `held` on waits for `released`."""

    script: list[Word]
    language: str = "en"
    voiced: list[Word] | None = None
    """What the detector takes for speech, if that is not the script."""
    no_speech_prob: float = 0.0
    failure: Exception | None = None
    """Raised for every piece that starts in `held` or later."""
    held: float = float("inf")
    released: asyncio.Event = field(default_factory=asyncio.Event)
    calls: list[Call] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    cancelled: int = 0
    languages: tuple[str, ...] = ("en", "th")

    async def transcribe(
        self, audio: Audio, *, final: bool, hints: Hints = NO_HINTS, live: bool = True
    ) -> Transcription:
        start = position(audio)
        self.calls.append(Call(start, hints, final, live))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await self._wait(start)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.in_flight -= 1
        return self._heard(start, start + len(audio) / RATE)

    async def _wait(self, start: float) -> None:
        await asyncio.sleep(0)
        if start >= self.held:
            if self.failure:
                raise self.failure
            await self.released.wait()

    def _heard(self, start: float, end: float) -> Transcription:
        inside = [word for word in self.script if start <= (word.start + word.end) / 2 < end]
        words = tuple(replace(word, start=word.start - start, end=word.end - start) for word in inside)
        tokens = tuple(range(len(words)))
        return Transcription(words, 1.0, self.language, tokens, -0.25, self.no_speech_prob)

    async def card(self) -> EngineCard:
        return EngineCard("whisper", "scripted", embedded=True, task="asr", languages=self.languages)


def recording(seconds: float) -> io.BytesIO:
    """A wav of the script's first seconds."""
    return io.BytesIO(encode("wav", audio(0, seconds), RATE))


class Counted:
    """What was counted, call by call."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.seconds.append(seconds)


Begin = Callable[..., FileTranscription]
MARK_S = STEP / RATE
"""How exactly the scripted audio tells its position."""


def heard_as(words: list[Word], script: list[Word]) -> bool:
    """The same words at the same times."""
    return [word.text for word in words] == [word.text for word in script] and [
        word.start for word in words
    ] == pytest.approx([word.start for word in script], abs=MARK_S)


@pytest.fixture
async def backends(tmp_path: Path) -> AsyncIterator[Backends]:
    async with open_backends(tmp_path) as opened:
        yield opened


@pytest.fixture
def counted() -> Counted:
    return Counted()


@pytest.fixture
def begin(backends: Backends, counted: Counted) -> Begin:
    def begin(
        engine: Engine, file: io.BytesIO, hints: Hints = NO_HINTS, **settings: float
    ) -> FileTranscription:
        settled = replace(
            backends,
            new_detector=lambda: Detector(engine.voiced or engine.script),
            settings=backends.settings.model_copy(update=settings),
        )
        return FileTranscription(file, engine, settled, hints, counted)

    return begin


async def test_segments_tell_the_time_of_the_recording(begin: Begin, counted: Counted) -> None:
    """VP-001, VP-002: words and segments are placed in the whole recording, whichever piece they are of."""
    transcript = await begin(Engine(TWO), recording(8)).transcript()
    assert transcript.text == "Good morning. How are you?"
    assert [(segment.id, segment.text) for segment in transcript.segments] == [
        (0, "Good morning."),
        (1, "How are you?"),
    ]
    times = [(1.0, 1.8), (5.0, 6.2)]
    assert [(s.start, s.end) for s in transcript.segments] == [
        pytest.approx(each, abs=MARK_S) for each in times
    ]
    assert heard_as(transcript.words, TWO)
    assert (transcript.language, transcript.duration, counted.seconds) == ("en", 8.0, [8.0])


async def test_segments_carry_the_numbers_of_their_piece(begin: Begin) -> None:
    """VP-002: as Whisper counts them; tokens once, in the first segment of their piece."""
    script = spoken("Yes. No. No.", 1.0)
    one, two, three = (await begin(Engine(script), recording(4), Hints("en", "", 0.5)).transcript()).segments
    assert [segment.text for segment in (one, two, three)] == ["Yes.", "No.", "No."]
    assert [segment.tokens for segment in (one, two, three)] == [(0, 1, 2), (), ()]
    for segment in (one, two, three):
        assert (segment.avg_logprob, segment.temperature) == (-0.25, 0.5)
        assert segment.seek == pytest.approx(100 * 1.0, abs=35)  # the piece starts a little before the words
        assert segment.no_speech_prob == pytest.approx(0.1)  # the detector is sure of speech at 0.9
        assert 0.5 < segment.compression_ratio < 1.0
    assert one.seek == two.seek == three.seek


async def test_the_engine_may_judge_silence_itself(begin: Begin) -> None:
    """VP-002."""
    transcript = await begin(Engine(TWO, no_speech_prob=0.3), recording(8)).transcript()
    assert [segment.no_speech_prob for segment in transcript.segments] == [0.3, 0.3]


async def test_a_loop_shows_in_the_compression_ratio(begin: Begin) -> None:
    """VP-002: above 2.4 Whisper calls a text repetitive."""
    script = spoken("yes " * 60, 1.0, 0.1)
    transcript = await begin(Engine(script), recording(9)).transcript()
    assert all(segment.compression_ratio > 2.4 for segment in transcript.segments)


async def test_pieces_are_decoded_side_by_side_and_told_in_order(begin: Begin) -> None:
    """VP-001: as a file, complete, with the caller's hints; no more at once than are useful."""
    engine = Engine(SIX, held=0.0)
    hints = Hints("th", "names", 0.2)
    running = asyncio.create_task(begin(engine, recording(32), hints).transcript())
    await eventually(lambda: engine.in_flight == IN_FLIGHT)
    engine.released.set()
    transcript = await running
    assert engine.most_in_flight == IN_FLIGHT
    assert [call.start for call in engine.calls] == sorted(call.start for call in engine.calls)
    assert {(call.hints, call.final, call.live) for call in engine.calls} == {(hints, True, False)}
    assert heard_as(transcript.words, SIX)
    assert [segment.id for segment in transcript.segments] == list(range(6))


async def test_a_later_piece_that_is_ready_first_waits_its_turn(begin: Begin) -> None:
    """VP-001."""
    engine = Backwards(SIX)
    transcript = await begin(engine, recording(32), Hints("en")).transcript()
    assert engine.done != sorted(engine.done)
    assert heard_as(transcript.words, SIX)


@dataclass
class Backwards(Engine):
    """Is done with its first piece after the second."""

    done: list[float] = field(default_factory=list)

    async def _wait(self, start: float) -> None:
        if start < 5.0:
            await self.released.wait()
        self.done.append(start)
        self.released.set()


async def test_the_language_is_found_in_the_first_piece_with_words(begin: Begin) -> None:
    """VP-001: others are decoded after it, in the same language."""
    script = SIX[2:]  # nothing but noise where the first words were
    engine = Engine(script, "th", held=4.0, voiced=SIX)
    transcription = begin(engine, recording(32))
    running = asyncio.create_task(transcription.transcript())
    # The third piece is read ahead: it ends at 12 s, which two seconds of silence tell.
    await eventually(lambda: engine.in_flight and transcription._pieces.seconds > 13.5)
    assert len(engine.calls) == 2
    engine.released.set()
    assert (await running).language == "th"
    assert [call.hints.language for call in engine.calls] == [None, None, "th", "th", "th", "th"]


async def test_segments_come_as_soon_as_they_are_known(begin: Begin) -> None:
    """VP-001: the first is told while the second is still decoded."""
    engine = Engine(TWO, held=4.0)
    async with aclosing(begin(engine, recording(8)).segments()) as segments:
        first = await anext(segments)
        assert first.text == "Good morning."
        assert not engine.released.is_set()
        engine.released.set()
        assert [segment.text async for segment in segments] == ["How are you?"]


async def test_the_text_grows_segment_by_segment(begin: Begin) -> None:
    """VP-002: what a stream tells adds up to the whole text."""
    script = [word for start in (1, 5, 9) for word in spoken("สวัสดี ครับ ok", float(start))]
    transcript = await begin(Engine(script, "th"), recording(12)).transcript()
    text, before = "", None
    for segment in transcript.segments:
        text += continuation(before, segment.words)
        before = segment.words[-1]
    assert text == transcript.text == "สวัสดีครับ ok สวัสดีครับ ok สวัสดีครับ ok"


async def test_a_silent_recording(begin: Begin, counted: Counted) -> None:
    """VP-001, QUO-013: no engine is asked, and the length is known and counted."""
    engine = Engine([])
    transcript = await begin(engine, recording(3)).transcript()
    assert (transcript.text, list(transcript.segments), transcript.language) == ("", [], None)
    assert (transcript.duration, counted.seconds, engine.calls) == (3.0, [3.0], [])


@pytest.mark.parametrize("failure", [DecodeFailed(), EngineUnavailable(), InvalidRequest("language: ...")])
async def test_a_failing_piece_fails_it_all(begin: Begin, counted: Counted, failure: Exception) -> None:
    """ERR-005, QUO-013: with its own error; what was decoded is counted once."""
    engine = Engine(SIX, failure=failure, held=15.0)
    with pytest.raises(type(failure)) as raised:
        await begin(engine, recording(32)).transcript()
    assert raised.value is failure
    assert engine.in_flight == 0
    assert len(counted.seconds) == 1
    assert 15.0 < counted.seconds[0] <= 32.0


async def test_a_file_that_is_no_recording(begin: Begin, counted: Counted) -> None:
    """VP-001: nothing is decoded, so nothing is counted."""
    with pytest.raises(InvalidAudio):
        await begin(Engine(TWO), io.BytesIO(b"text")).transcript()
    assert sum(counted.seconds) == 0


async def test_a_recording_that_is_too_long(begin: Begin, counted: Counted) -> None:
    """OUT-002, QUO-013: decoding stops at the limit, and was done up to there."""
    with pytest.raises(AudioTooLong):
        await begin(Engine(SIX), recording(32), transcribe_max_audio_s=20.0).transcript()
    assert counted.seconds == [pytest.approx(20.0, abs=1.5)]


async def test_a_cancelled_transcription_stops(begin: Begin, counted: Counted) -> None:
    """OAI-006, QUO-013: the calls to the engine are cancelled and the file is let go of; it counts once."""
    engine = Engine(SIX, held=0.0)
    transcription = begin(engine, recording(32), Hints("en"))
    running = asyncio.create_task(transcription.transcript())
    await eventually(lambda: engine.in_flight == IN_FLIGHT)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (engine.in_flight, engine.cancelled, len(counted.seconds)) == (0, IN_FLIGHT, 1)
    assert_let_go(transcription)


def assert_let_go(transcription: FileTranscription) -> None:
    assert transcription._audio is not None
    with pytest.raises(ValueError, match="closed"):
        next(transcription._audio.blocks())


async def test_who_stops_early_closes(begin: Begin, counted: Counted) -> None:
    """OAI-006, QUO-013: the same for a consumer that takes one segment and goes."""
    engine = Engine(SIX, held=4.0)
    transcription = begin(engine, recording(32), Hints("en"))
    async with aclosing(transcription.segments()) as segments:
        assert (await anext(segments)).text == "one two"
    assert (engine.in_flight, len(counted.seconds)) == (0, 1)
    assert_let_go(transcription)


@pytest.fixture
def served(backends: Backends) -> Backends:
    """Backends with the engine behind the name `whisper`."""
    return replace(
        backends, models=ScriptedModels({"whisper": Engine(TWO)}), new_detector=lambda: Detector(TWO)
    )


async def card_of(served: Backends) -> EngineCard:
    return (await served.models.cards())[0]


async def test_a_callers_file_counts_as_todays_audio(served: Backends) -> None:
    """QUO-001, QUO-013."""
    for used in (8.0, 16.0):
        begun = await transcription_for(CALLER, served, await card_of(served), recording(8), NO_HINTS)
        assert (await begun.transcript()).text == "Good morning. How are you?"
        assert (await served.limits.audio_today(CALLER)).used == used


async def test_nothing_is_begun_when_nothing_is_left(served: Backends) -> None:
    """QUO-001, QUO-013: refused before the file is looked at."""
    await served.limits.add_audio(CALLER, 100.0)
    file = recording(1)
    with pytest.raises(DailyAudioQuotaExceeded):
        await transcription_for(CALLER, served, await card_of(served), file, NO_HINTS)
    assert file.tell() == 0
    assert (await served.limits.audio_today(CALLER)).used == 100.0


async def test_a_language_that_the_engine_does_not_know(served: Backends) -> None:
    """VP-001: the refusal names those it knows; an engine that lists none finds out by itself."""
    card = await card_of(served)
    with pytest.raises(InvalidRequest, match="en, th"):
        await transcription_for(CALLER, served, card, recording(1), Hints("fr"))
    assert await transcription_for(CALLER, served, replace(card, languages=()), recording(1), Hints("fr"))


async def test_an_engine_that_is_away(served: Backends) -> None:
    """ERR-005."""
    gone = replace(await card_of(served), engine="gone")
    with pytest.raises(EngineUnavailable):
        await transcription_for(CALLER, served, gone, recording(1), NO_HINTS)
