"""What a pupil read aloud, with the words that a first decode loses: RS-012, RS-025, RS-081..084."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
import soxr

from deployments.asr.embedded.thai import EmbeddedRecognizer
from deployments.asr.replica import RecognizerReplica
from deployments.tts.embedded import formant
from deployments.vad.silero import SileroDetector
from serve_app.backends import Backends
from serve_app.core.audio.pcm import Pcm16
from serve_app.engines import NO_HINTS, SAMPLE_RATE, Audio, Hints, Transcription, Word
from serve_app.errors import DecodeFailed, EngineUnavailable
from serve_app.flows.reading.transcript import read_aloud
from serve_app.flows.transcription.file_transcription import IN_FLIGHT
from tests.conftest import eventually
from tests.fakes import ScriptedModels, open_backends
from tests.flows.captions.scripted_speech import FIRST_MARK, STEP, Detector, audio, spoken

READING = ("แม่", "ไป", "ตลาด", "ซื้อ", "ผลไม้", "กลับ", "บ้าน")
TEXT = " ".join(READING)
TEN_SECONDS = audio(0, 10)
PERFECT = spoken(TEXT)
"""One word each 0.4 s, from 1.0 s to 3.8 s."""
HALTING = spoken("แม่ ไป ตลาด") + spoken("ซื้อ ผลไม้ กลับ บ้าน", 4.0)
"""A silence of 1.8 s inside, which does not part pieces."""


@dataclass
class Forgetful:
    """Hears the words of a script that the audio holds whole, save those it is bad at."""

    script: Sequence[Word]
    border: float = 0.0
    """Words that begin or end this close to the border of the audio are lost, in seconds."""
    deaf_after: float = float("inf")
    """After a silence this long it hears nothing more."""
    early: float = 0.0
    """It tells words this much too early, in seconds."""
    failure: Exception | None = None
    heard: list[tuple[float, bool, bool, Hints]] = field(default_factory=list)
    """(seconds, final, live, hints) of each call."""
    in_flight: int = 0
    most_in_flight: int = 0
    open: asyncio.Event = field(default_factory=asyncio.Event)
    """While not set, decodes wait."""

    def __post_init__(self) -> None:
        self.open.set()

    async def transcribe(
        self, audio: Audio, *, final: bool, hints: Hints = NO_HINTS, live: bool = True
    ) -> Transcription:
        self.heard.append((len(audio) / SAMPLE_RATE, final, live, hints))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(0)
            await self.open.wait()
        finally:
            self.in_flight -= 1
        if self.failure:
            raise self.failure
        return Transcription(tuple(self._words(audio)))

    def _words(self, audio: Audio) -> Iterator[Word]:
        marks = audio * 32768 - FIRST_MARK
        times = np.where(marks >= 0, marks * STEP / SAMPLE_RATE, -1.0)
        seconds, last = len(audio) / SAMPLE_RATE, None
        for word in self.script:
            inside = np.flatnonzero((times >= word.start - 0.001) & (times < word.end - 0.001)) / SAMPLE_RATE
            if len(inside) < 0.9 * (word.end - word.start) * SAMPLE_RATE:
                continue
            if last is not None and inside[0] - last > self.deaf_after:
                return
            last = inside[-1]
            if inside[0] >= self.border and inside[-1] <= seconds - self.border:
                yield replace(word, start=inside[0] - self.early, end=inside[-1] - self.early)


@pytest.fixture
async def backends(tmp_path: Path) -> AsyncIterator[Backends]:
    async with open_backends(tmp_path) as backends:
        yield backends


Told = tuple[list[str], Sequence[Word], dict[str, object]]


async def read(
    backends: Backends,
    recognizer: Forgetful,
    samples: Pcm16 = TEN_SECONDS,
    *,
    voiced: Sequence[Word] | None = None,
    engine: str = "typhoon",
    reference: Sequence[str] = READING,
) -> Told:
    """The words, their times, and what is told of a scripted recording."""
    script = list(recognizer.script if voiced is None else voiced)
    staged = replace(
        backends, models=ScriptedModels({engine: recognizer}), new_detector=lambda: Detector(script)
    )
    transcript = await read_aloud(staged, engine, samples, reference)
    return [word.text for word in transcript.words], transcript.words, dict(transcript.meta)


def assert_timed(words: Sequence[Word], script: Sequence[Word]) -> None:
    """Each at its place in the recording, as exact as a frame of the detector and a mark of the script."""
    assert [word.text for word in words] == [word.text for word in script]
    assert np.allclose([(w.start, w.end) for w in words], [(w.start, w.end) for w in script], atol=0.06)


async def test_a_complete_reading_is_decoded_once(backends: Backends) -> None:
    """RS-083, RS-084: on the file lane, in Thai, with the text; nothing of recovery is told."""
    recognizer = Forgetful(PERFECT)
    _, words, meta = await read(backends, recognizer)
    assert_timed(words, PERFECT)
    assert [call[1:] for call in recognizer.heard] == [(True, False, Hints("th", expected=tuple(READING)))]
    assert meta == {
        "audioDuration": 10.0,
        "speechRegionCount": 1,
        "voiceActivityChecked": True,
        "voiceActivityDetected": True,
        "voiceActivityDuration": pytest.approx(2.8, abs=0.1),
        "voiceActivityDetector": "scripted",
    }


async def test_words_lost_after_a_long_gap_are_found_in_a_copy_without_silence(backends: Backends) -> None:
    """RS-084: and they are told at their time in the recording."""
    recognizer = Forgetful(HALTING, deaf_after=1.0)
    _, words, meta = await read(backends, recognizer)
    assert_timed(words, HALTING)
    assert meta["silenceRemovedOnTyphoon"] is True
    assert meta["speechRegionCount"] == 2
    assert "windowedRecoveryOnTyphoon" not in meta
    assert [seconds for seconds, *_ in recognizer.heard] == pytest.approx([5.2, 4.0], abs=0.1)


async def test_a_complete_reading_with_long_silences_is_decoded_once(backends: Backends) -> None:
    """RS-084: there is nothing more to find."""
    reading = PERFECT[:3] + spoken("ซื้อ ผลไม้ กลับ บ้าน", 5.0)
    recognizer = Forgetful(reading)
    _, words, meta = await read(backends, recognizer)
    assert_timed(words, reading)
    assert len(recognizer.heard) == 2
    assert "silenceRemovedOnTyphoon" not in meta


@pytest.mark.parametrize(
    "reading", [PERFECT, spoken(TEXT, 0.0), spoken(TEXT, 1.0, each=0.9), spoken(TEXT, 1.0, each=2.0)]
)
async def test_words_lost_at_borders_are_found_in_windows(backends: Backends, reading: list[Word]) -> None:
    """RS-084: also the word with which a recording begins, and over several windows."""
    recognizer = Forgetful(reading, border=0.5, early=0.05)
    _, words, meta = await read(backends, recognizer, audio(0, reading[-1].end + 0.4))
    assert_timed(words, reading)
    assert words[0].start >= 0
    assert meta["windowedRecoveryOnTyphoon"] is True
    decoded = [seconds for seconds, *_ in recognizer.heard[1:]]
    assert meta["windowedRecoveryWindowCount"] == len(decoded)
    assert set(decoded) == {6.0}


async def test_only_a_strict_slice_is_decoded_in_windows(backends: Backends) -> None:
    """RS-084: a word that was read wrong is no border that was cut."""
    wrong = [replace(word, text="หมา") if word.text == "ตลาด" else word for word in PERFECT]
    recognizer = Forgetful(wrong, border=0.5)
    texts, _, meta = await read(backends, recognizer)
    assert texts == [word.text for word in wrong[1:-1]]
    assert len(recognizer.heard) == 1
    assert "windowedRecoveryOnTyphoon" not in meta


async def test_what_finds_no_more_is_not_kept(backends: Backends) -> None:
    """RS-084: the pupil stopped half-way and murmurs; decoding again changes nothing, and nothing is told."""
    half = HALTING[:3]
    recognizer = Forgetful(half)
    _, words, meta = await read(backends, recognizer, voiced=HALTING)
    assert_timed(words, half)
    assert [seconds for seconds, *_ in recognizer.heard] == pytest.approx([5.2, 4.0, 6.0, 6.0], abs=0.1)
    assert not {"silenceRemovedOnTyphoon", "windowedRecoveryOnTyphoon"} & set(meta)


@pytest.mark.parametrize(("engine", "reference"), [("whisper", READING), ("typhoon", ())])
async def test_nothing_else_is_decoded_twice(
    backends: Backends, engine: str, reference: Sequence[str]
) -> None:
    """RS-084: recovery is Typhoon's alone; without a text nobody can tell what was lost."""
    recognizer = Forgetful(HALTING, deaf_after=1.0, border=0.5)
    texts, _, meta = await read(backends, recognizer, engine=engine, reference=reference)
    assert texts == ["ไป", "ตลาด"]
    assert len(recognizer.heard) == 1
    assert not [key for key in meta if key.endswith("OnTyphoon")]


async def test_without_voice_nothing_is_decoded(backends: Backends) -> None:
    """RS-081, RS-082, GT-04: noise that a recogniser would take for words is no speech."""
    recognizer = Forgetful(PERFECT)
    texts, _, meta = await read(backends, recognizer, audio(0, 1), voiced=[])
    assert (texts, recognizer.heard) == ([], [])
    assert meta == {
        "noSpeechDetected": True,
        "audioDuration": 1.0,
        "speechRegionCount": 0,
        "voiceActivityChecked": True,
        "voiceActivityDetected": False,
        "voiceActivityDuration": 0.0,
        "voiceActivityDetector": "scripted",
    }


async def test_voice_without_words_is_a_reading(backends: Backends) -> None:
    """RS-082: the transcript is empty all the same."""
    recognizer = Forgetful([])
    texts, _, meta = await read(backends, recognizer, voiced=PERFECT)
    assert texts == []
    assert "noSpeechDetected" not in meta


async def test_ten_minutes_are_a_few_pieces_at_a_time(backends: Backends) -> None:
    """RS-012: pieces of at most 30 s, and nothing that is held grows to a copy of the recording."""
    reading = [word for start in range(1, 600, 15) for word in spoken("แม่ ไป ตลาด", float(start), each=4.5)]
    recognizer = Forgetful(reading)
    recording = audio(0, 600)
    tracemalloc.start()
    try:
        _, words, _ = await read(backends, recognizer, recording, reference=READING[:3])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert_timed(words, reading)
    assert recognizer.most_in_flight == IN_FLIGHT
    assert max(seconds for seconds, *_ in recognizer.heard) <= 30
    assert peak < recording.nbytes


async def test_no_piece_is_left_behind_by_a_failure(backends: Backends) -> None:
    """RS-084: a score of what happened to be decoded would be wrong."""
    reading = [word for start in range(1, 60, 5) for word in spoken("แม่ ไป", float(start))]
    recognizer = Forgetful(reading, failure=DecodeFailed())
    with pytest.raises(DecodeFailed):
        await read(backends, recognizer, audio(0, 60))
    assert recognizer.in_flight == 0
    assert len(recognizer.heard) < 12


async def test_a_cancelled_reading_lets_go_of_the_recogniser(backends: Backends) -> None:
    """RS-012: no decode goes on for nobody."""
    recognizer = Forgetful(PERFECT)
    recognizer.open.clear()
    reading = asyncio.create_task(read(backends, recognizer))
    await eventually(lambda: recognizer.in_flight)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert recognizer.in_flight == 0


async def test_no_recogniser_is_an_error(backends: Backends) -> None:
    """RS-084: never an empty transcript."""
    with pytest.raises(EngineUnavailable):
        await read_aloud(backends, "whisper", audio(0, 1), READING)


def halting_speech(phrases: Sequence[str], pause: float) -> Pcm16:
    """Phrases with silences between, as a slow reader makes them."""
    parts = [np.zeros(SAMPLE_RATE)]
    for phrase in phrases:
        speech = formant.synthesize(phrase, voice="malee")
        wave = soxr.resample(speech.samples.astype(np.float64), speech.sample_rate, SAMPLE_RATE)
        parts += [wave, np.zeros(int(pause * SAMPLE_RATE))]
    return (np.clip(np.concatenate(parts), -1, 0.9999) * 32767).astype(np.int16)


@contextmanager
def embedded() -> Iterator[RecognizerReplica]:
    replica = RecognizerReplica(EmbeddedRecognizer(), ["typhoon"])
    try:
        yield replica
    finally:
        replica.close()


@pytest.mark.parametrize("pause", [0.2, 2.5])
async def test_the_real_recogniser_and_detector(backends: Backends, pause: float) -> None:
    """RS-025, RS-084: all of a reading is found, at its time, and twice the same."""
    phrases = ("วันนี้เราเรียนภาษาไทย", "แม่ไปตลาดซื้อผลไม้")
    reference = ("วันนี้", "เรา", "เรียน", "ภาษาไทย", "แม่", "ไป", "ตลาด", "ซื้อ", "ผลไม้")
    samples = halting_speech(phrases, pause)
    with embedded() as replica:
        real = replace(backends, models=ScriptedModels({"typhoon": replica}), new_detector=SileroDetector)
        first = await read_aloud(real, "typhoon", samples, reference)
        assert await read_aloud(real, "typhoon", samples, reference) == first
    assert "".join(word.text for word in first.words) == "".join(phrases)
    assert first.words[0].start == pytest.approx(1.0, abs=0.2)
    assert len(samples) / SAMPLE_RATE - pause == pytest.approx(first.words[-1].end, abs=0.3)
