"""Sounds of places, synthesised: each takes a generator and a number of samples and gives stereo sound.

Levels are relative within a sound; `ambience.sound_of` brings all of them to one level.
"""

from __future__ import annotations

import numpy as np

from deployments.video.embedded import grains
from deployments.video.embedded.noise import Signal, noise, scattered, swell, time_of
from deployments.video.mp4 import SOUND_RATE

Generator = np.random.Generator


def sea(generator: Generator, samples: int) -> Signal:
    """Surf that swells and breaks, the hiss of its foam a little brighter."""
    wave = swell(generator, samples, 2.5)
    foam = noise(generator, samples, 900, 7000, 0.3) * wave**3
    return noise(generator, samples, 60, 900, 0.6) * (0.25 + wave**1.5) + 0.5 * foam


def river(generator: Generator, samples: int) -> Signal:
    """Running water: broad noise and bubbles, which are short tones that rise."""
    bubbles = scattered(generator, samples, 45, grains.bubble)
    return noise(generator, samples, 300, 5000, 0.4) + 1.2 * bubbles


def rain(generator: Generator, samples: int) -> Signal:
    """A wash of far drops, and near ones one by one."""
    wash = noise(generator, samples, 700, 11000, 0.25) * (0.85 + 0.3 * swell(generator, samples, 3))
    return (
        wash
        + 2.5 * scattered(generator, samples, 90, grains.drop)
        + noise(generator, samples, 60, 400, 0.5) * 0.3
    )


def wind(generator: Generator, samples: int) -> Signal:
    """Gusts: three bands that swell on their own, the higher with the stronger gusts."""
    low, middle, high = (swell(generator, samples, seconds) for seconds in (3.0, 2.2, 1.6))
    howl = noise(generator, samples, 320, 520, 0.2) * middle**2
    return (
        noise(generator, samples, 60, 260, 0.5) * (0.3 + low)
        + 0.8 * howl
        + 0.3 * noise(generator, samples, 900, 3000, 0.3) * high**3
    )


def birds(generator: Generator, samples: int) -> Signal:
    """A light wind in leaves, and songs of a few notes."""
    leaves = noise(generator, samples, 400, 5000, 0.6) * (0.2 + 0.4 * swell(generator, samples, 3))
    return 0.2 * leaves + scattered(generator, samples, 1.1, grains.song)


def crickets(generator: Generator, samples: int) -> Signal:
    """Choirs that chirp in bursts, over the quiet of a warm night."""
    moments, choir = time_of(samples / SOUND_RATE), np.zeros((2, samples))
    for ear in (0.2, 0.45, 0.8):
        hertz, rate = generator.uniform(3900, 4900), generator.uniform(1.6, 2.6)
        phase = (moments * rate + generator.random()) % 1
        burst = np.clip(np.sin(np.pi * phase / 0.6), 0, None) * (phase < 0.6)
        pulses = burst * np.clip(np.sin(2 * np.pi * 33 * moments), 0, None) ** 2
        chirp = pulses * np.sin(2 * np.pi * hertz * moments)
        choir += np.outer((1 - ear, ear), chirp)
    return choir + 0.12 * noise(generator, samples, 80, 1200, 0.7)


def city(generator: Generator, samples: int) -> Signal:
    """The rumble of far traffic, cars that pass, and a horn now and then."""
    passing = noise(generator, samples, 250, 1800, 0.5) * swell(generator, samples, 2.2) ** 2
    horns = 0.35 * scattered(generator, samples, 0.15, grains.horn)
    return noise(generator, samples, 40, 350, 0.8) + 0.7 * passing + horns


def fire(generator: Generator, samples: int) -> Signal:
    """The breath of flames and the crackle of wood."""
    breath = noise(generator, samples, 50, 500, 0.8) * (0.5 + 0.5 * swell(generator, samples, 0.7))
    return 0.6 * breath + scattered(generator, samples, 28, grains.crackle)


def crowd(generator: Generator, samples: int) -> Signal:
    """Voices without words: bands of speech that come and go with the beat of syllables."""
    voices = np.zeros((2, samples))
    for _ in range(9):
        formant = generator.uniform(350, 1500)
        syllables = swell(generator, samples, generator.uniform(0.1, 0.16))
        phrase = swell(generator, samples, generator.uniform(1, 2))
        voices += noise(generator, samples, formant * 0.8, formant * 1.3, 0.3) * syllables**2 * phrase
    return voices + 0.5 * noise(generator, samples, 100, 900, 0.6)


def bells(generator: Generator, samples: int) -> Signal:
    """A temple's bells that fade away in a quiet yard; the first strikes soon."""
    ringing = 0.7 * scattered(generator, samples, 0.35, grains.bell)
    soon = SOUND_RATE // 3
    first = grains.bell(generator)[: samples - soon]
    ringing[:, soon : soon + len(first)] += first
    return ringing + 0.06 * noise(generator, samples, 150, 3000, 0.6)


def room(generator: Generator, samples: int) -> Signal:
    """Quiet air, and a soft chord whose voices breathe."""
    moments, pad = time_of(samples / SOUND_RATE), np.zeros((2, samples))
    root = 110 * 2 ** (generator.integers(0, 8) / 12)
    for ratio, level in ((1, 1.0), (1.5, 0.6), (2, 0.5), (2.5, 0.3), (3, 0.2)):
        breath = 0.5 + 0.5 * swell(generator, samples, 2.5)
        for ear, detuned in enumerate((0.999, 1.001)):
            pad[ear] += level * breath * np.sin(2 * np.pi * root * ratio * detuned * moments)
    return pad + 0.25 * noise(generator, samples, 100, 2500, 0.7)
