"""The `ctc` aligner on a tiny random model that came through the real loading code."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from deployments.align.ctc import CtcAligner
from deployments.align.replica import Passage
from deployments.serving.loader import EngineConfigError, load_engine
from serve_app.engines import SAMPLE_RATE, Audio
from serve_app.errors import AlignmentFailed
from tests.engines.align.tiny_align import LETTERS, build

pytestmark = pytest.mark.usefixtures("one_thread")

WORDS = ("สวัสดี", "ครับ", "วันนี้")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> str:
    return build(tmp_path_factory.mktemp("wav2vec2"))


@pytest.fixture(scope="module")
def aligner(checkpoint: str) -> CtcAligner:
    engine = load_engine("deployments.align.ctc:CtcAligner", {"checkpoint": checkpoint, "device": "cpu"})
    assert isinstance(engine, CtcAligner)
    return engine


def speech(seconds: float) -> Audio:
    """Noise whose loudness moves."""
    noise = np.random.default_rng(0).normal(0, 0.05, int(seconds * SAMPLE_RATE))
    return (noise * (1 + np.sin(np.arange(len(noise)) / 500))).astype(np.float32)


def letters_heard(aligner: CtcAligner, audio: Audio) -> str:
    """What the random model happens to spell for an audio."""
    log_probs = aligner.log_probs(audio)
    names = ["", "", "", *LETTERS]
    labels = log_probs.argmax(axis=1)
    return "".join(names[b] for a, b in zip([0, *labels], labels, strict=False) if a != b)


def test_what_was_spelled_is_sure_and_what_was_not_is_not(aligner: CtcAligner) -> None:
    """RS-032, RS-059: the letters that the model hears have more confidence than letters it does not hear."""
    audio = speech(2.0)
    spelled = letters_heard(aligner, audio)
    middle = len(spelled) // 2
    words = (spelled[:middle], spelled[middle:])
    heard = [word for word in aligner.align(Passage(audio, words)) if word]
    other = "".join(letter for letter in LETTERS if letter not in spelled)[:5]
    wrong = [word for word in aligner.align(Passage(audio, (other,))) if word]
    assert min(word.confidence for word in heard) > 0.5 > wrong[0].confidence
    edges = [edge for word in heard for edge in (word.start, word.end)]
    assert edges == sorted(edges)
    assert 0 <= edges[0] < edges[-1] <= 2.0


def test_words_without_a_letter_of_the_vocabulary_are_left_open(aligner: CtcAligner) -> None:
    """RS-059: nothing is said about foreign words and signs."""
    found = aligner.align(Passage(speech(1.0), ("hello", "ครับ", "|", "")))
    assert [word is not None for word in found] == [False, True, False, False]
    assert aligner.align(Passage(speech(1.0), ("hello",))) == (None,)


@pytest.mark.parametrize("samples", [0, 100, 399, 400, 720])
def test_hardly_any_audio_is_no_failure(aligner: CtcAligner, samples: int) -> None:
    """RS-082: a text that does not fit into the audio was not read."""
    found = aligner.align(Passage(speech(1.0)[:samples], WORDS))
    assert all(word is not None and word.end <= samples / SAMPLE_RATE for word in found)


def test_long_audio_is_heard_in_windows(aligner: CtcAligner) -> None:
    """RS-012: as many frames as audio, whatever the model can hear at once."""
    (word,) = aligner.align(Passage(speech(65.0), ("ครับ",)))
    assert word is not None
    assert word.end <= 65.0


def test_numbers_that_overflow_are_a_failure(checkpoint: str, tmp_path: Path) -> None:
    """RS-038: a broken model is told, not scored."""
    broken = shutil.copytree(checkpoint, tmp_path / "broken")
    weights = load_file(broken / "model.safetensors")
    weights["lm_head.weight"].fill_(torch.nan)
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(AlignmentFailed):
        CtcAligner(str(broken), device="cpu").align(Passage(speech(1.0), WORDS))


def test_a_folder_that_is_no_whole_model_is_refused(checkpoint: str, tmp_path: Path) -> None:
    """ASR-002: transformers would fill what is missing with noise."""
    with pytest.raises(EngineConfigError, match="not a folder"):
        CtcAligner(str(tmp_path), device="cpu")
    partial = shutil.copytree(checkpoint, tmp_path / "partial")
    weights = load_file(partial / "model.safetensors")
    del weights["lm_head.weight"]
    save_file(weights, partial / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EngineConfigError, match=r"lm_head\.weight"):
        CtcAligner(str(partial), device="cpu")
    with pytest.raises(EngineConfigError, match="device"):
        CtcAligner(checkpoint, device="tpu")
