"""The sound that LTX renders with the frames, as the file wants it."""

from __future__ import annotations

import numpy as np
import soxr
import torch

from deployments.video.mp4 import SOUND_RATE, Sound


def sound_of(rendered: torch.Tensor, sample_rate: int) -> Sound:
    """Samples at `SOUND_RATE` of rendered ones, shape (channels, samples): the vocoder of LTX 2.3 has that
    rate by itself, the one before it 24 kHz."""
    samples = rendered.float().clamp(-1, 1).cpu().numpy()
    if sample_rate == SOUND_RATE:
        return samples
    return np.ascontiguousarray(soxr.resample(samples.T, sample_rate, SOUND_RATE).T, dtype=np.float32)
