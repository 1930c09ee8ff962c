"""Long recordings in pieces, within bounded memory: VP-001, OUT-002."""

from __future__ import annotations

import asyncio
import io
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import aclosing

import numpy as np
import pytest
import soxr

from deployments.tts.embedded import formant
from deployments.vad.silero import SileroDetector
from serve_app.concurrency import iterate_in_thread
from serve_app.core.audio.endpointing import PAD
from serve_app.core.audio.pcm import Pcm16
from serve_app.engines import SAMPLE_RATE, Audio, Word
from serve_app.errors import InvalidAudio
from serve_app.flows.transcription.speech_pieces import SpeechPieces
from serve_app.media.audio_file import AudioFile
from tests.flows.captions.scripted_speech import Detector, audio
from tests.recordings import encode

PADDING = PAD / SAMPLE_RATE
FRAME_S = 0.032


def words(*times: tuple[float, float]) -> list[Word]:
    return [Word("word", start, end, 0.9) for start, end in times]


def blocks(seconds: float, each: float = 1.0) -> Iterator[Pcm16]:
    """A scripted recording."""
    for index in range(int(seconds / each)):
        yield audio(index * each, (index + 1) * each)
    if rest := seconds % each:
        yield audio(seconds - rest, seconds)


def test_pieces_are_the_speech_and_nothing_else() -> None:
    """VP-001: the very samples, from a little before to a little after the speech."""
    pieces = SpeechPieces(blocks(20), Detector(words((2.0, 4.0), (4.5, 6.0), (12.0, 13.0))))
    first, second = list(pieces)
    for piece, start, end in ((first, 2.0, 6.0), (second, 12.0, 13.0)):
        assert piece.start == pytest.approx(start - PADDING, abs=FRAME_S)
        assert piece.start + len(piece.audio) / SAMPLE_RATE == pytest.approx(end + PADDING, abs=FRAME_S)
        begin = round(piece.start * SAMPLE_RATE)
        assert np.array_equal(piece.audio, audio(0, 20)[begin : begin + len(piece.audio)])
        assert piece.speech_probability == pytest.approx(0.9)
    assert pieces.seconds == 20


def test_a_silent_recording_has_no_pieces() -> None:
    """VP-001: silence is not decoded, but its length is known."""
    pieces = SpeechPieces(blocks(90.5), Detector([]))
    assert list(pieces) == []
    assert pieces.seconds == 90.5
    assert list(SpeechPieces([], Detector([]))) == []


def test_speech_up_to_the_last_sample_is_heard() -> None:
    """VP-001: also in the part of a frame that is left over."""
    pieces = list(SpeechPieces(blocks(3.99), Detector(words((3.0, 9.0)))))
    assert len(pieces) == 1
    assert pieces[0].start + len(pieces[0].audio) / SAMPLE_RATE == pytest.approx(3.99)
    short = list(SpeechPieces(blocks(0.05), Detector(words((0.0, 1.0)))))
    assert [len(piece.audio) for piece in short] == [800]


def test_unbroken_speech_is_in_touching_pieces_of_at_most_30_s() -> None:
    """VP-001: nothing is lost at a cut, nothing is heard twice."""
    pieces = list(SpeechPieces(blocks(100), Detector(words((0.0, 100.0)))))
    assert np.array_equal(np.concatenate([piece.audio for piece in pieces]), audio(0, 100))
    assert all(len(piece.audio) <= 30 * SAMPLE_RATE for piece in pieces)


@pytest.mark.parametrize("each", [0.01, 0.4567, 16.0])
def test_the_size_of_blocks_makes_no_difference(each: float) -> None:
    """VP-001: containers hand out audio in their own portions."""
    script = words((1.0, 3.0), (3.5, 20.0), (30.0, 80.0))
    expected = list(SpeechPieces(blocks(90), Detector(script)))
    pieces = list(SpeechPieces(blocks(90, each), Detector(script)))
    assert [(p.start, len(p.audio)) for p in pieces] == [(p.start, len(p.audio)) for p in expected]


def test_a_piece_is_given_as_soon_as_it_is_complete() -> None:
    """OUT-002: the rest of the recording is not read first."""
    pieces = SpeechPieces(blocks(3600), Detector(words((1.0, 2.0))))
    next(iter(pieces))
    assert pieces.seconds < 6


def test_memory_holds_one_piece() -> None:
    """OUT-002: five minutes, 10 MB, of speech with pauses."""
    talk = Detector(words(*((start, start + 9.0) for start in range(0, 300, 12))))
    total = 0
    tracemalloc.start()
    try:
        for piece in SpeechPieces(blocks(300), talk):
            total += len(piece.audio)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total > 200 * SAMPLE_RATE
    assert peak < 5_000_000


def test_the_detector_begins_anew() -> None:
    """VP-001: a detector that was used before must not remember it."""

    class Used(Detector):
        fresh = False

        def reset(self) -> None:
            self.fresh = True

        def speech_probability(self, frame: Audio) -> float:
            assert self.fresh
            return super().speech_probability(frame)

    assert len(list(SpeechPieces(blocks(3), Used(words((1.0, 2.0)))))) == 1


def test_a_recording_that_breaks_gives_the_pieces_before() -> None:
    """VP-001, ERR-010."""

    def breaking() -> Iterator[Pcm16]:
        yield from blocks(8)
        raise InvalidAudio

    pieces = iter(SpeechPieces(breaking(), Detector(words((1.0, 2.0), (7.0, 8.0)))))
    assert next(pieces).start == pytest.approx(1.0 - PADDING, abs=FRAME_S)
    with pytest.raises(InvalidAudio):
        next(pieces)


@pytest.mark.parametrize("kind", ["webm", "mp3"])
def test_real_speech_in_a_real_file(kind: str) -> None:
    """VP-001: two sentences with six seconds between are two pieces, each at its place."""
    speech = formant.synthesize("สวัสดีครับ วันนี้เราจะเรียนภาษาไทย")
    spoken = (soxr.resample(speech.samples, speech.sample_rate, 48_000) * 32767).astype(np.int16)
    silence = np.zeros(6 * 48_000, np.int16)
    content = encode(kind, np.concatenate([silence, spoken, silence, spoken, silence]))
    pieces = list(SpeechPieces(AudioFile(io.BytesIO(content), max_seconds=60).blocks(), SileroDetector()))
    length = len(spoken) / 48_000
    assert [round(piece.start) for piece in pieces] == [6, round(12 + length)]
    for piece in pieces:
        assert length - 0.5 < len(piece.audio) / SAMPLE_RATE < length + 2 * PADDING + 0.5
        assert piece.speech_probability > 0.5


async def test_each_item_is_made_in_a_worker_thread() -> None:
    """OUT-002: the event loop never decodes."""

    def threads() -> Iterator[threading.Thread]:
        for _ in range(3):
            yield threading.current_thread()

    makers = [thread async for thread in iterate_in_thread(threads())]
    assert len(makers) == 3
    assert threading.main_thread() not in makers


async def test_what_a_thread_raises_reaches_the_consumer() -> None:
    """VP-001, ERR-010."""

    def failing() -> Iterator[int]:
        yield 1
        raise InvalidAudio

    items = iterate_in_thread(failing())
    assert await anext(items) == 1
    with pytest.raises(InvalidAudio):
        await anext(items)


class Source:
    """A generator that says when a thread is inside it, and when it is closed."""

    def __init__(self) -> None:
        self.entered, self.go_on, self.closed = threading.Event(), threading.Event(), threading.Event()
        self.made = 0

    def items(self) -> Iterator[int]:
        try:
            while True:
                self.made += 1
                yield self.made
                self.entered.set()
                assert self.go_on.wait(10)
        finally:
            self.closed.set()


async def test_a_consumer_that_stops_closes_the_generator() -> None:
    """OUT-002."""
    source = Source()
    async with aclosing(iterate_in_thread(source.items())) as items:
        async for item in items:
            assert item == 1
            break
    assert source.closed.is_set()


async def test_a_cancelled_consumer_leaves_at_once_and_the_thread_closes_the_generator() -> None:
    """OUT-002: no other thread enters a generator that runs, and none is left in it."""
    source = Source()

    async def consume() -> list[int]:
        return [item async for item in iterate_in_thread(source.items())]

    consumer = asyncio.create_task(consume())
    assert await asyncio.to_thread(source.entered.wait, 10)
    consumer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await consumer
    assert not source.closed.is_set()
    source.go_on.set()
    assert await asyncio.to_thread(source.closed.wait, 10)
    assert source.made == 2
