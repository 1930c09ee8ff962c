"""What the acoustic model sees of a window: log-mel energies for its sounds, periodicity for its tones."""

from __future__ import annotations

import numpy as np

from deployments.thai_speech.features import MELS, FloatArray, log_mel, normalise
from deployments.thai_speech.pitch import PITCHES, periodicity

INPUTS = MELS + PITCHES


def model_inputs(audio: FloatArray) -> FloatArray:
    """Audio at 16 kHz, shape (samples,), to shape (frames, 112), not normalised yet."""
    return np.concatenate([log_mel(audio), periodicity(audio)], axis=1)


def normalised(inputs: FloatArray) -> FloatArray:
    """The same, independent of the gain of the microphone."""
    return np.concatenate([normalise(inputs[:, :MELS]), inputs[:, MELS:]], axis=1)
