"""English speech recognition on a CPU with nothing to download: pocketsphinx and the model in its wheel."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from multiprocessing.connection import Pipe
from pathlib import Path

import numpy as np

from deployments.asr.pieces import pieces
from deployments.asr.replica import Window, faint_noise, pcm16
from serve_app.engines import SAMPLE_RATE, Audio, EngineCard, Transcription, Word
from serve_app.errors import DecodeFailed, EngineNotInstalled, InvalidRequest

CHILD = Path(__file__).with_name("pocketsphinx_child.py")
ROOM_NOISE = 0.0045
"""Noise put under the audio, in peaks of it (-47 dB): the model was trained on recordings made in rooms, not
on digital silence. Fewest word errors of 0.0015, 0.003 and 0.0045, on the sentences of `LANGUAGE_WEIGHT`."""


class PocketsphinxRecognizer:
    """Stateless and deterministic; a child process decodes one window after the other."""

    card = EngineCard(
        engine="english",
        impl="pocketsphinx-en-us",
        embedded=True,
        languages=("en",),
        note="Half of the words of synthetic speech are wrong: for development, not for transcription.",
    )

    def __init__(self) -> None:
        """Raises EngineNotInstalled without the extra `embedded`."""
        if find_spec("pocketsphinx") is None:
            raise EngineNotInstalled("pocketsphinx is missing; install kaleido-serve[embedded].")
        self._child = _Child()

    def recognize(self, windows: Sequence[Window]) -> list[Transcription]:
        """Words of each window of any length; one that is not final is decoded alike.

        Raises InvalidRequest for a language other than English, and DecodeFailed when the child dies: the
        next call starts another one.
        """
        if any(window.hints.language not in (None, "en") for window in windows):
            raise InvalidRequest("language: this engine understands English (en) only.")
        return [self._transcription(window.audio) for window in windows]

    example = staticmethod(faint_noise)

    def close(self) -> None:
        """End the child; not while another thread is in `recognize`."""
        self._child.end()

    def _transcription(self, audio: Audio) -> Transcription:
        words = [word for piece in pieces(audio) for word in self._words(audio, piece)]
        logprobs = [math.log(max(word.confidence, 1e-6)) for word in words]
        mean = sum(logprobs) / len(logprobs) if logprobs else 0.0
        return Transcription(tuple(words), language="en", avg_logprob=mean)

    def _words(self, audio: Audio, piece: slice) -> list[Word]:
        """Words of one piece, in seconds of the window."""
        begin, end = piece.start / SAMPLE_RATE, piece.stop / SAMPLE_RATE
        return [
            Word(text, round(begin + start, 3), round(min(begin + stop, end), 3), round(min(prob, 1.0), 4))
            for text, start, stop, prob in self._ask(in_a_room(audio[piece]))
        ]

    def _ask(self, audio: Audio) -> list[tuple[str, float, float, float]]:
        if not self._child.alive:
            self._child.end()
            self._child = _Child()
        try:
            answer: list[tuple[str, float, float, float]] = self._child.ask(audio)
        except (EOFError, ConnectionError) as died:
            self._child.end()
            raise DecodeFailed() from died
        return answer


class _Child:
    """The running process and our end of its connection."""

    def __init__(self) -> None:
        self._connection, theirs = Pipe()
        with theirs:
            # -P: the folder of the script is no place to import from.
            command = [sys.executable, "-P", str(CHILD), str(theirs.fileno())]
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, audio: Audio) -> list[tuple[str, float, float, float]]:
        """Raises EOFError or ConnectionError when the process dies."""
        self._connection.send_bytes(pcm16(audio).tobytes())
        words: list[tuple[str, float, float, float]] = json.loads(self._connection.recv_bytes())
        return words

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._connection.close()


def in_a_room(audio: Audio) -> Audio:
    """The audio over faint noise; always the same noise, so that decodes agree."""
    noise = np.random.default_rng(0).standard_normal(len(audio), np.float32)
    level = np.float32(ROOM_NOISE * np.abs(audio).max())
    return audio + level * noise
