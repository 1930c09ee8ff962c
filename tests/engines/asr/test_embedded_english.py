"""The English recogniser, hearing espeak-ng's English voices; its child process, killed and orphaned."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil
import pytest
import soxr

from deployments.asr.embedded.english import PocketsphinxRecognizer
from deployments.asr.replica import Window
from deployments.thai_speech.espeak import Voice, speak
from serve_app.engines import SAMPLE_RATE, Audio, Hints, Word
from serve_app.errors import DecodeFailed, InvalidRequest
from training.thai_speech.edit_distance import edit_distance

ROOT = Path(__file__).parent.parent.parent
SENTENCES = (
    "good morning everyone",
    "can you help me find my keys",
    "the bus was late because of the rain",
    "my sister lives in a small town near the sea",
)


@pytest.fixture(scope="module")
def recognizer() -> Iterator[PocketsphinxRecognizer]:
    engine = PocketsphinxRecognizer()
    yield engine
    engine.close()


@cache
def say(text: str, voice: str = "en-us+f1") -> Audio:
    """A sentence at 16 kHz."""
    spoken = speak(text, Voice(voice))
    return np.asarray(soxr.resample(spoken.samples, spoken.sample_rate, SAMPLE_RATE), np.float32)


def hear(recognizer: PocketsphinxRecognizer, audio: Audio) -> tuple[Word, ...]:
    return recognizer.recognize([Window(audio)])[0].words


def children() -> set[psutil.Process]:
    """Processes that this one started."""
    return set(psutil.Process().children())


def test_hears_what_was_said(recognizer: PocketsphinxRecognizer) -> None:
    """VP-001, VP-002: at most 60 % of the words are wrong in an unknown voice; times are in order."""
    wrong = 0
    for text in SENTENCES:
        words = hear(recognizer, say(text))
        wrong += edit_distance(text.split(), [word.text for word in words])
        assert all(0 <= w.start < w.end <= len(say(text)) / SAMPLE_RATE for w in words)
        assert all(left.end <= right.start for left, right in pairwise(words))
        assert all(0 <= w.confidence <= 1 for w in words)
        assert all(w.text.replace("'", "").isalpha() for w in words)
    assert wrong / sum(len(text.split()) for text in SENTENCES) <= 0.6


def test_decoding_is_deterministic(recognizer: PocketsphinxRecognizer) -> None:
    """VP-002: what was decoded before leaves no trace, and a partial window is decoded like a final one."""
    first = recognizer.recognize([Window(say(SENTENCES[0]))])
    hear(recognizer, say(SENTENCES[1]))
    assert recognizer.recognize([Window(say(SENTENCES[0]), final=False)]) == first


@pytest.mark.parametrize(
    "audio",
    [
        np.zeros(0, np.float32),
        np.full(1, 0.1, np.float32),
        np.zeros(SAMPLE_RATE, np.float32),
        np.random.default_rng(3).normal(0, 0.003, 2 * SAMPLE_RATE).astype(np.float32),
        np.random.default_rng(4).normal(0, 0.1, 2 * SAMPLE_RATE).astype(np.float32),
    ],
    ids=["nothing", "one sample", "zeros", "faint noise", "loud noise"],
)
def test_silence_has_no_words(recognizer: PocketsphinxRecognizer, audio: Audio) -> None:
    """ASR-050: neither silence nor noise is transcribed."""
    assert hear(recognizer, audio) == ()


def test_only_english_is_understood(recognizer: PocketsphinxRecognizer) -> None:
    """VP-001: a language that the engine does not know is refused."""
    with pytest.raises(InvalidRequest):
        recognizer.recognize([Window(say(SENTENCES[0]), hints=Hints("th"))])


async def test_a_killed_child_fails_one_request(eventually: Callable[..., Awaitable[None]]) -> None:
    """VP-001: SIGKILL in the middle of a decode fails that request; the next one works."""
    before = children()
    engine = PocketsphinxRecognizer()
    (child,) = children() - before
    expected = await asyncio.to_thread(hear, engine, say(SENTENCES[0]))
    used = child.cpu_times().user
    decoding = asyncio.create_task(asyncio.to_thread(hear, engine, np.tile(say(SENTENCES[3]), 8)))
    await eventually(lambda: child.cpu_times().user > used + 0.1)
    child.kill()
    with pytest.raises(DecodeFailed):
        await decoding
    assert await asyncio.to_thread(hear, engine, say(SENTENCES[0])) == expected
    engine.close()


def test_closing_ends_the_child() -> None:
    """VP-001: no process is left."""
    before = children()
    engine = PocketsphinxRecognizer()
    (child,) = children() - before
    engine.close()
    assert not child.is_running()


def test_the_child_ends_with_a_killed_parent() -> None:
    """VP-001: SIGKILL of the replica leaves no process."""
    script = (
        "from deployments.asr.embedded.english import PocketsphinxRecognizer as P;"
        "engine = P(); engine.recognize([]); print(flush=True); input()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        (child,) = psutil.Process(parent.pid).children()
        parent.send_signal(signal.SIGKILL)
        _, left = psutil.wait_procs([child], timeout=30)
    assert not left
