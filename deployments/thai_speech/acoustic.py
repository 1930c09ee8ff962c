"""The acoustic model at run time: audio to log probabilities of phoneme tokens, one every 30 ms."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession, SessionOptions

from deployments.thai_speech.features import HOP, SAMPLE_RATE
from deployments.thai_speech.inputs import model_inputs, normalised

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
        """16 kHz audio, shape (samples,) each, to (output frames, tokens) each.

        One after the other: a batch is no faster, and its windows would share the scale of their rounded
        activations, so that what one stream hears would depend on the others.
        """
        return [self._scores(normalised(model_inputs(window))) for window in windows]

    def _scores(self, inputs: FloatArray) -> FloatArray:
        feed = {"features": inputs[None], "lengths": np.array([len(inputs)], np.int64)}
        return np.asarray(self._session.run(["log_probs"], feed)[0][0])


@cache
def acoustic_model() -> AcousticModel:
    """The model of the package, loaded once in a process."""
    return AcousticModel()
