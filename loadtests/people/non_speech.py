"""Sounds that are no speech, made here: what a recogniser should answer nothing to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from loadtests.people.channel import babble
from serve_app.engines import SAMPLE_RATE, Audio

Samples = NDArray[np.float64]

SHORTEST_S, LONGEST_S = 1.0, 10.0
CUT_S = (0.2, 1.0)
"""A cut of speech: a syllable to a word or two, seldom whole ones."""
LEVELS_DB = (-50.0, -10.0)
"""Of noise, against full scale: a quiet room to the inside of a bus."""
CHORDS = ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14))
"""Semitones above the key: C, a, F, G, of which half the songs on the radio are made."""
HARMONICS = 8
PLUCK_S = 0.6
"""Decay of a plucked string."""
CLAP_S, ROOM_S = 0.008, 0.12
"""Decays of a pair of hands and of a classroom's echo."""


def clips(
    kinds: Sequence[str], count: int, voices: Sequence[Audio], seed: int = 0
) -> Mapping[str, list[Audio]]:
    """`count` sounds of each kind, 16 kHz and within [-1, 1]; always the same from the same voices."""
    found = {}
    for kind in kinds:
        rng = np.random.default_rng([seed, *kind.encode()])
        found[kind] = [_limited(KINDS[kind](rng, voices)) for _ in range(count)]
    return found


def silence(rng: np.random.Generator, voices: Sequence[Audio]) -> Samples:
    """The last bit trembles, as behind any converter."""
    return rng.integers(-1, 2, _length(rng)) / 32768


def white_noise(rng: np.random.Generator, voices: Sequence[Audio]) -> Samples:
    """All frequencies alike."""
    return _level(rng) * rng.standard_normal(_length(rng))


def babble_noise(rng: np.random.Generator, voices: Sequence[Audio]) -> Samples:
    """Many people at once."""
    mixed = babble(voices, _length(rng), rng).astype(np.float64)
    return np.asarray(_level(rng) * mixed / np.sqrt(np.mean(mixed**2)))


def music(rng: np.random.Generator, voices: Sequence[Audio]) -> Samples:
    """Broken chords in a key and at a pace of their own, on a string."""
    length, beat = _length(rng), int(rng.uniform(0.15, 0.4) * SAMPLE_RATE)
    song, key = np.zeros(length), rng.integers(45, 62)
    for turn, start in enumerate(range(0, length, beat)):
        chord = CHORDS[turn // 4 % len(CHORDS)]
        played = _string(440 * 2 ** ((key + rng.choice(chord) - 69) / 12), length - start)
        song[start:] += played
    return np.asarray(0.3 * song / np.abs(song).max())


def tones(rng: np.random.Generator, voices: Sequence[Audio]) -> Samples:
    """One sine, or one that is switched on and off, as of a telephone line."""
    time = _time(_length(rng))
    tone = 0.3 * np.sin(2 * np.pi * rng.uniform(150, 3500) * time)
    return tone * (np.floor(time / rng.uniform(0.1, 0.5)) % 2 == 0) if rng.integers(2) else tone


def claps(rng: np.random.Generator, voices: Sequence[Audio]) -> Samples:
    """Hands, and the room's echo of them."""
    return _bursts(rng, lambda time: np.exp(-time / CLAP_S) + 0.1 * np.exp(-time / ROOM_S))


def clicks(rng: np.random.Generator, voices: Sequence[Audio]) -> Samples:
    """A key, a mouse, a bad plug: a millisecond each."""
    return _bursts(rng, lambda time: np.exp(-time / 0.001))


def speech_cuts(rng: np.random.Generator, voices: Sequence[Audio]) -> Samples:
    """A moment of somebody's speech, which is text only if a whole word is in it by chance."""
    voice = voices[int(rng.integers(len(voices)))]
    length = int(rng.uniform(*CUT_S) * SAMPLE_RATE)
    start = int(rng.integers(max(1, len(voice) - length)))
    return voice[start : start + length].astype(np.float64)


Kind = Callable[[np.random.Generator, Sequence[Audio]], Samples]
KINDS: Mapping[str, Kind] = {
    "silence": silence,
    "white noise": white_noise,
    "babble noise": babble_noise,
    "music": music,
    "tones": tones,
    "claps": claps,
    "clicks": clicks,
    "speech cuts": speech_cuts,
}


def _length(rng: np.random.Generator) -> int:
    return int(rng.uniform(SHORTEST_S, LONGEST_S) * SAMPLE_RATE)


def _level(rng: np.random.Generator) -> float:
    return float(10 ** (rng.uniform(*LEVELS_DB) / 20))


def _time(length: int) -> Samples:
    return np.arange(length) / SAMPLE_RATE


def _string(pitch: float, length: int) -> Samples:
    time = _time(length)
    sound = sum(np.sin(2 * np.pi * pitch * n * time) / n**1.5 for n in range(1, HARMONICS + 1))
    return np.asarray(sound * np.exp(-time / PLUCK_S))


def _bursts(rng: np.random.Generator, envelope: Callable[[Samples], Samples]) -> Samples:
    """Noise that breaks out a few times over a quiet room."""
    length = _length(rng)
    sound = 1e-4 * rng.standard_normal(length)
    for start in rng.integers(0, length, rng.integers(1, 9)):
        time = _time(length - int(start))
        sound[start:] += rng.uniform(0.1, 0.8) * envelope(time) * rng.standard_normal(len(time))
    return sound


def _limited(samples: Samples) -> Audio:
    return np.clip(samples, -1, 1).astype(np.float32)
