"""Whether anybody speaks in a recording, and where: RS-081, RS-082, RS-083, RS-012."""

from __future__ import annotations

import threading
import tracemalloc
from dataclasses import dataclass, field

import numpy as np
import pytest

from serve_app.core.audio.pcm import Pcm16
from serve_app.engines import Audio, Word
from serve_app.flows.transcription.voice_activity import BLOCK, VoiceActivity, voice_activity
from tests.fakes import ScriptedDetector
from tests.flows.captions.scripted_speech import Detector, audio

FRAME_S = 0.032
SECOND = 16_000


def said(*times: tuple[float, float]) -> list[Word]:
    return [Word("word", start, end, 0.9) for start, end in times]


async def heard(seconds: float, *times: tuple[float, float]) -> VoiceActivity:
    return await voice_activity(audio(0, seconds), Detector(said(*times)))


async def test_regions_are_where_the_voice_is() -> None:
    """RS-083: in seconds; a pause inside a sentence parts nothing."""
    activity = await heard(10, (1.0, 2.0), (2.4, 3.0), (6.0, 7.5))
    assert activity.detected
    assert np.allclose(activity.regions, [(1.0, 3.0), (6.0, 7.5)], atol=FRAME_S)
    assert activity.voiced_seconds == pytest.approx(3.1, abs=4 * FRAME_S)
    assert activity.duration == 10


async def test_what_is_told_of_it() -> None:
    """RS-083: the keys of JSON 5, and the detector by its name."""
    assert (await heard(1.0)).meta == {
        "audioDuration": 1.0,
        "speechRegionCount": 0,
        "voiceActivityChecked": True,
        "voiceActivityDetected": False,
        "voiceActivityDuration": 0.0,
        "voiceActivityDetector": "scripted",
    }
    told = (await heard(9.9999, (1.0, 2.0), (5.0, 6.0))).meta
    assert (told["audioDuration"], told["speechRegionCount"], told["voiceActivityDetected"]) == (
        10.0,
        2,
        True,
    )


@pytest.mark.parametrize("voiced", [True, False])
@pytest.mark.parametrize("loud", [True, False])
@pytest.mark.parametrize("words", [0, 3])
async def test_no_speech_takes_both_detectors_or_an_empty_transcript(
    voiced: bool, loud: bool, words: int
) -> None:
    """RS-081, RS-082: voice is never no-speech; without it silence is, and so is noise without words."""
    samples = audio(0, 3) if loud else np.zeros(3 * SECOND, np.int16)
    activity = await voice_activity(samples, ScriptedDetector())
    if voiced:
        activity = await voice_activity(samples, Constant(0.9))
    assert activity.no_speech(words) is (not voiced and (not loud or words == 0))


@pytest.mark.parametrize("length", [0, 1, 511, 512, 513, BLOCK - 1, BLOCK + 1])
async def test_every_length_is_heard_to_its_end(length: int) -> None:
    """RS-012: the last frame is filled up; nothing lies past the end of the recording."""
    activity = await voice_activity(np.full(length, 9000, np.int16), Constant(0.9))
    assert len(activity.probabilities) == -(-length // 512)
    assert activity.detected is (length > 512)
    assert all(0 <= start < end <= length / SECOND for start, end in activity.regions)
    assert activity.voiced_seconds <= activity.duration == length / SECOND


async def test_the_detector_works_in_threads_and_begins_anew() -> None:
    """RS-081: the event loop answers others meanwhile."""
    detector = Constant(0.9)
    await voice_activity(audio(0, 10), detector)
    assert detector.resets == 1
    assert threading.get_ident() not in detector.threads


async def test_ten_minutes_in_bounded_memory() -> None:
    """RS-012: what is held beside the recording does not grow to a copy of it."""
    recording: Pcm16 = np.full(600 * SECOND, 9000, np.int16)
    tracemalloc.start()
    try:
        activity = await voice_activity(recording, Constant(0.9))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert activity.regions == ((0.0, 600.0),)
    assert peak < recording.nbytes / 2


@dataclass
class Constant:
    """A detector that is always as sure."""

    probability: float
    name: str = "constant"
    resets: int = 0
    threads: set[int] = field(default_factory=set)

    def speech_probability(self, frame: Audio) -> float:
        assert frame.shape == (512,)
        self.threads.add(threading.get_ident())
        return self.probability

    def reset(self) -> None:
        self.resets += 1
