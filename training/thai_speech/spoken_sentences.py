"""Natural sentences spoken by voices that training never heard, with the true times of their words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from deployments.thai_speech import espeak
from deployments.thai_speech.g2p import ThaiWord, pronounce_text
from deployments.thai_speech.phonemes import mnemonics
from training.thai_speech.augment import Audio, augment, room
from training.thai_speech.voices import HELD_OUT

CONDITIONS: dict[str, Callable[[Audio, np.random.Generator], Audio]] = {
    "clean": lambda audio, _rng: audio,
    "noisy": augment,
    "room": room,
}
"""`noisy` is drawn as in training: some utterances are nearly clean. `room` is never milder than 20 dB."""


@dataclass(frozen=True, slots=True)
class SpokenSentence:
    """What was said; `bounds` are the start and end second of each word, empty when espeak-ng merged
    phonemes."""

    text: str
    words: tuple[ThaiWord, ...]
    audio: NDArray[np.float32]
    bounds: tuple[tuple[float, float], ...]


def word_bounds(
    words: Sequence[ThaiWord], phones: Sequence[espeak.Phone], end: float
) -> list[tuple[float, float]]:
    """From the first phoneme of a word to the first phoneme or silence after it."""
    spoken = [
        index for index, phone in enumerate(phones) if phone.mnemonic and not phone.mnemonic.startswith("_")
    ]
    lengths = [
        sum(unit.phones for syllable in word.pronunciation for unit in syllable.units) for word in words
    ]
    if sum(lengths) != len(spoken):
        return []
    edges = np.cumsum([0, *lengths])
    starts = [phone.start for phone in phones] + [end]
    return [(starts[spoken[a]], starts[spoken[b - 1] + 1]) for a, b in pairwise(edges)]


def speak(text: str, variant: str, condition: str, rng: np.random.Generator) -> SpokenSentence:
    """One sentence at an ordinary pace."""
    words = tuple(chunk for chunk in pronounce_text(text) if isinstance(chunk, ThaiWord))
    voice = espeak.Voice(f"th+{variant}", int(rng.uniform(125, 180)), int(rng.uniform(30, 70)))
    spoken = espeak.speak_phonemes(" ".join(mnemonics(word.pronunciation) for word in words), voice)
    bounds = word_bounds(words, spoken.phones, len(spoken.samples) / spoken.sample_rate)
    audio = resample_poly(spoken.samples.astype(np.float64), 320, 441)
    audio = CONDITIONS[condition](audio, rng)
    return SpokenSentence(text, words, audio.astype(np.float32), tuple(bounds))


def spoken_sentences(path: Path, condition: str, *, seed: int = 7) -> list[SpokenSentence]:
    """Each sentence of a file by two held-out voices in turn."""
    rng = np.random.default_rng(seed)
    lines = path.read_text(encoding="utf-8").split()
    return [
        speak(line, HELD_OUT[(2 * number + take) % len(HELD_OUT)], condition, rng)
        for number, line in enumerate(lines)
        for take in range(2)
    ]
