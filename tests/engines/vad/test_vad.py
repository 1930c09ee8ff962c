"""The voice detector: ASR-016, ASR-042, ASR-050, GT-15 for streams."""

from __future__ import annotations

import subprocess
import sys
from importlib import util
from typing import Any

import numpy as np
import pytest

from deployments.vad import silero
from deployments.vad.silero import CONTEXT, FRAME, STATE, SileroDetector
from serve_app.core.audio.endpointing import Endpointer
from serve_app.engines import SAMPLE_RATE, Audio
from serve_app.errors import EngineNotInstalled
from tests.recordings import babble


def frames(audio: Audio) -> Audio:
    return audio[: len(audio) // FRAME * FRAME].reshape(-1, FRAME)


def probabilities(audio: Audio) -> list[float]:
    detector = SileroDetector()
    return [detector.speech_probability(frame) for frame in frames(audio)]


def test_streaming_equals_one_call_over_the_whole_audio() -> None:
    """ASR-042: state and context are carried exactly."""
    audio = babble()
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(audio, (CONTEXT, 0)), CONTEXT + FRAME)[::FRAME]
    empty = np.zeros(STATE, np.float32)
    inputs = {"input": np.ascontiguousarray(windows), "h": empty, "c": empty}
    batch = silero._session().run(None, inputs)[0]
    assert np.allclose(probabilities(audio), batch[: len(frames(audio))], atol=1e-5)


def test_speech_is_found_where_it_is() -> None:
    """ASR-042: one onset, near the true one."""
    endpointer = Endpointer()
    onsets = [frame for frame, p in enumerate(probabilities(babble())) if endpointer.accept(p)]
    assert len(onsets) == 1
    assert 1.0 <= endpointer.regions[0].start / SAMPLE_RATE <= 1.3
    assert 3.1 <= endpointer.regions[-1].end / SAMPLE_RATE <= 3.5


def test_it_says_which_detector_it_is() -> None:
    """RS-083."""
    assert SileroDetector().name == "silero_vad_v6"


def sound(kind: str) -> Audio:
    time = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    noise = np.random.default_rng(2).normal(0, 1, len(time))
    made: dict[str, Any] = {
        "digital silence": 0 * time,
        "white noise -40 dBFS": 0.01 * noise,
        "white noise -20 dBFS": 0.1 * noise,
        "50 Hz hum": 0.3 * np.sin(100 * np.pi * time),
        "440 Hz tone": 0.3 * np.sin(880 * np.pi * time),
        "clicks": np.where(np.arange(len(time)) % 8000 == 0, 0.9, 0.0),
    }
    return np.asarray(made[kind], np.float32)


@pytest.mark.parametrize(
    "kind",
    ["digital silence", "white noise -40 dBFS", "white noise -20 dBFS", "50 Hz hum", "440 Hz tone", "clicks"],
)
def test_what_is_no_speech_starts_nothing(kind: str) -> None:
    """ASR-050."""
    endpointer = Endpointer()
    assert not any(endpointer.accept(p) for p in probabilities(sound(kind)))


def test_reset_and_separate_streams() -> None:
    """ASR-035: a reset detector answers as a new one; streams do not touch one another or their audio."""
    audio = babble()
    kept = audio.copy()
    one, other = SileroDetector(), SileroDetector()
    first = [one.speech_probability(frame) for frame in frames(audio)]
    for frame in frames(audio)[:40]:
        other.speech_probability(frame[::-1])
    one.reset()
    assert [one.speech_probability(frame) for frame in frames(audio)] == first
    assert np.array_equal(audio, kept)


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """ERR-020: the operator is told what to install."""
    silero._session.cache_clear()
    try:
        with monkeypatch.context() as without:
            without.setattr(silero, "find_spec", lambda _: None)
            with pytest.raises(EngineNotInstalled, match="faster-whisper"):
                SileroDetector()
        with monkeypatch.context() as without:
            without.setitem(sys.modules, "onnxruntime", None)
            with pytest.raises(EngineNotInstalled, match="onnxruntime"):
                SileroDetector()
    finally:
        silero._session.cache_clear()
    assert util.find_spec("faster_whisper") is not None


def test_the_detector_loads_no_whisper() -> None:
    """The process of the sockets does not pay for CTranslate2."""
    program = (
        "import sys; from deployments.vad.silero import SileroDetector; SileroDetector();"
        "print('ctranslate2' in sys.modules or 'faster_whisper' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
