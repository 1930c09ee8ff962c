"""The acoustic model at run time: audio to log probabilities of phoneme tokens, one every 30 ms."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession, SessionOptions

from deployments.thai_speech.features import HOP, MELS, SAMPLE_RATE, log_mel, normalise

PATH = Path(__file__).with_name("acoustic_model.onnx")
STRIDE = 3
"""Feature frames per output frame."""
FRAME_SECONDS = STRIDE * HOP / SAMPLE_RATE

FloatArray = NDArray[np.float32]


class AcousticModel:
    """Stateless and thread-safe; one thread, because replicas are what scales."""

    def __init__(self, path: Path = PATH) -> None:
        options = SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def log_probs(self, windows: Sequence[FloatArray]) -> list[FloatArray]:
        """16 kHz audio, shape (samples,) each, to (output frames, tokens) each, in one batch."""
        if not windows:
            return []
        features = [normalise(log_mel(window)) for window in windows]
        lengths = np.array([len(rows) for rows in features], np.int64)
        padded = np.zeros((len(features), int(lengths.max()), MELS), np.float32)
        for row, rows in zip(padded, features, strict=True):
            row[: len(rows)] = rows
        scores = np.asarray(self._session.run(["log_probs"], {"features": padded, "lengths": lengths})[0])
        return [score[: (length - 1) // STRIDE + 1] for score, length in zip(scores, lengths, strict=True)]


@cache
def acoustic_model() -> AcousticModel:
    """The model of the package, loaded once in a process."""
    return AcousticModel()
