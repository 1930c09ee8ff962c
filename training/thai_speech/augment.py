"""What a room, a microphone and a line do to clean speech."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, lfilter, oaconvolve, sosfilt

from deployments.thai_speech.features import SAMPLE_RATE

Audio = NDArray[np.float64]


def reverberate(audio: Audio, rng: np.random.Generator) -> Audio:
    """Exponentially decaying noise as a room's tail, T60 from 0.08 to 0.6 s."""
    length = int(rng.uniform(0.08, 0.6) * SAMPLE_RATE)
    tail = rng.standard_normal(length) * np.exp(-6.9 * np.arange(length) / length)
    tail *= rng.uniform(0.05, 0.6) / np.sqrt((tail**2).sum())
    tail[0] = 1
    return np.asarray(oaconvolve(audio, tail)[: len(audio)])


def equalise(audio: Audio, rng: np.random.Generator) -> Audio:
    """A random short filter: microphone and placement."""
    taps = rng.standard_normal(9) * rng.uniform(0, 0.25)
    taps[0] = 1
    return np.asarray(lfilter(taps, [1], audio))


def band_limit(audio: Audio, rng: np.random.Generator) -> Audio:
    """A telephone line."""
    band = [rng.uniform(150, 350), rng.uniform(3000, 3800)]
    return np.asarray(sosfilt(butter(4, band, "band", fs=SAMPLE_RATE, output="sos"), audio))


def noise(samples: int, rng: np.random.Generator) -> Audio:
    """Unit-power noise: white or coloured, at times slowly pulsing, at times a mains-like hum on top."""
    out = rng.standard_normal(samples)
    if rng.random() < 0.6:
        out = lfilter([1], [1, -rng.uniform(0.3, 0.97)], out)
    seconds = np.arange(samples) / SAMPLE_RATE
    if rng.random() < 0.3:
        out *= 1 + 0.8 * np.sin(2 * np.pi * rng.uniform(0.2, 4) * seconds + rng.uniform(0, 6))
    if rng.random() < 0.1:
        out += rng.uniform(1, 4) * out.std() * np.sin(2 * np.pi * rng.uniform(50, 1000) * seconds)
    return np.asarray(out / np.sqrt((out**2).mean() + 1e-12))


def room(audio: Audio, rng: np.random.Generator) -> Audio:
    """Always a room, and always noise, 5 to 20 dB below the speech: the harder test condition."""
    audio = reverberate(audio, rng)
    audio = audio / (np.sqrt((audio**2).mean()) + 1e-9)
    return 0.05 * (audio + noise(len(audio), rng) * 10 ** (-rng.uniform(5, 20) / 20))


def augment(audio: Audio, rng: np.random.Generator) -> Audio:
    """The chain, each link by chance; noise 3 to 35 dB below the speech."""
    for chance, effect in ((0.4, reverberate), (0.6, equalise), (0.12, band_limit)):
        if rng.random() < chance:
            audio = effect(audio, rng)
    audio = audio / (np.sqrt((audio**2).mean()) + 1e-9)
    if rng.random() < 0.8:
        audio = audio + noise(len(audio), rng) * 10 ** (-rng.uniform(3, 35) / 20)
    return audio * 0.05
