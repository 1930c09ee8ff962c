"""When each token was spoken: Whisper's alignment of its text to the audio.

Cross-attention weights of the heads that follow the speech, and dynamic time warping (OpenAI's `timing.py`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from ctranslate2 import StorageView
from ctranslate2.models import Whisper
from numpy.typing import NDArray

from deployments.asr.whisper.words import TimedTokens
from serve_app.engines import SAMPLE_RATE, Audio

FRAMES_PER_SECOND = 50
"""Of the encoder's output."""
MEL_FRAMES_PER_SECOND = 100


def align(
    model: Whisper,
    encoded: StorageView,
    audio: Sequence[Audio],
    start: list[int],
    ids: Sequence[list[int]],
) -> list[TimedTokens]:
    """Token times in seconds of each piece of audio. `start` names the language, the same for all."""
    paths = model.align(encoded, start, list(ids), [_mel_frames(piece) for piece in audio])
    return [
        TimedTokens(tokens, _times(path.alignments, len(piece) / SAMPLE_RATE), path.text_token_probs)
        for tokens, piece, path in zip(ids, audio, paths, strict=True)
    ]


def _mel_frames(audio: Audio) -> int:
    """Frames to align to: at least one of the encoder's, or there is no path."""
    frames = math.ceil(len(audio) / SAMPLE_RATE * MEL_FRAMES_PER_SECOND)
    return max(frames, MEL_FRAMES_PER_SECOND // FRAMES_PER_SECOND)


def _times(path: Sequence[tuple[int, int]], duration: float) -> NDArray[np.float64]:
    """A token begins where the path, of (token, frame) steps, first meets it.

    With more tokens than frames the path begins at frame -1.
    """
    steps = np.array(path)
    first = np.diff(steps[:, 0], prepend=-1) > 0
    begins: NDArray[np.float64] = np.clip(steps[first, 1] / FRAMES_PER_SECOND, 0.0, duration)
    return begins
