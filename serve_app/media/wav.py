"""Speech as a WAV file: 16-bit PCM, mono (TTS-027)."""

from __future__ import annotations

import io
import wave

import numpy as np

from serve_app.core.audio.pcm import FULL_SCALE, Pcm16
from serve_app.engines import Audio

MEDIA_TYPE = "audio/wav"


def pcm16_of(samples: Audio) -> Pcm16:
    """16-bit samples; what is too loud is clipped, since it would wrap to a crack."""
    clipped: Pcm16 = np.clip(np.rint(samples * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    return clipped


def wav(samples: Audio, sample_rate: int) -> bytes:
    """A whole file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(sample_rate)
        writer.writeframes(pcm16_of(samples).astype("<i2").tobytes())
    return file.getvalue()
