"""What lies between a mouth and a recogniser: noise, and a telephone line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import soxr

from loadtests.audio import with_noise
from serve_app.engines import SAMPLE_RATE, Audio

TELEPHONE_RATE = 8000
MU = 255
"""G.711's law in North America and Japan."""
VOICES = 6
"""People in babble: of fewer, single words can be understood, and to write them down would be right."""

Noise = Literal["white", "babble"]


@dataclass(frozen=True, slots=True)
class Channel:
    """How recordings are changed before they are sent."""

    telephone: bool = False
    snr_db: float | None = None
    """Mean power of the whole recording over that of the noise."""
    noise: Noise = "white"

    @property
    def clear(self) -> bool:
        """Nothing is changed."""
        return not self.telephone and self.snr_db is None

    @property
    def name(self) -> str:
        """For the report."""
        noise = [] if self.snr_db is None else [f"{self.noise} noise at {self.snr_db:g} dB"]
        return ", ".join([*noise, *(["telephone"] if self.telephone else [])]) or "as recorded"

    def heard_through(self, speech: Audio, voices: Sequence[Audio], seed: int) -> Audio:
        """16 kHz, within [-1, 1]. Noise comes before the line; `voices` are what babble is made of."""
        if self.snr_db is not None:
            speech = (
                with_noise(speech, self.snr_db, seed)
                if self.noise == "white"
                else with_babble(speech, voices, self.snr_db, seed)
            )
            speech = speech / max(1.0, float(np.abs(speech).max(initial=0.0)))
        return telephone(speech) if self.telephone else speech


def telephone(speech: Audio) -> Audio:
    """16 kHz through a narrow line: 8 kHz, so nothing above 4 kHz, and mu-law in 8 bits (ITU-T G.711, by its
    smooth curve). What the microphone of a handset loses below 300 Hz stays."""
    narrow = np.clip(soxr.resample(speech, SAMPLE_RATE, TELEPHONE_RATE), -1, 1)
    companded = np.sign(narrow) * np.log1p(MU * np.abs(narrow)) / np.log1p(MU)
    sent = np.round(companded * 127) / 127
    received = np.sign(sent) * np.expm1(np.abs(sent) * np.log1p(MU)) / MU
    wide: Audio = soxr.resample(received.astype(np.float32), TELEPHONE_RATE, SAMPLE_RATE)
    return wide


def with_babble(speech: Audio, voices: Sequence[Audio], snr_db: float, seed: int) -> Audio:
    """Voices `snr_db` below the mean power of the speech."""
    noise = babble(voices, len(speech), np.random.default_rng(seed))
    power = float(np.mean(np.square(speech))) / 10 ** (snr_db / 10)
    gain = np.sqrt(power / max(float(np.mean(np.square(noise))), 1e-12))
    return np.asarray(speech + gain * noise, np.float32)


def babble(voices: Sequence[Audio], length: int, rng: np.random.Generator) -> Audio:
    """VOICES of the recordings at once and equally loud, from anywhere in them, shape (length,)."""
    chosen = rng.choice(len(voices), VOICES, replace=len(voices) < VOICES)
    mixed = np.zeros(length, np.float32)
    for index in chosen:
        voice = voices[index] / max(float(np.sqrt(np.mean(np.square(voices[index])))), 1e-6)
        mixed += np.resize(np.roll(voice, int(rng.integers(len(voice)))), length)
    return mixed
