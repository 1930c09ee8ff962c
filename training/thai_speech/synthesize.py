"""Speaks random word sequences with espeak-ng and writes shards of features with timed phoneme targets.

`python -m training.thai_speech.synthesize --seed 1 --shards 40 --out corpus/train` (one process each seed; a
shard is 300 utterances, about ten minutes). `--held-out` takes the voices that are never trained on.
"""

from __future__ import annotations

import argparse
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import firwin, resample_poly

from deployments.thai_speech import espeak
from deployments.thai_speech.features import HOP, SAMPLE_RATE
from deployments.thai_speech.inputs import model_inputs
from deployments.thai_speech.lexicon import Lexicon, lexicon
from deployments.thai_speech.phonemes import TOKEN_ID, Pronunciation, mnemonics
from training.thai_speech.augment import augment, noise, room
from training.thai_speech.voices import HELD_OUT, random_voices, training_voices

UTTERANCES = 300
_COMMON = 0.6
"""Exponent on word counts: flatter than language, so that rare words are heard as well."""
RANDOM_VOICES = 200
"""Beside the 69 that come with espeak-ng; drawn anew for each seed."""


class Example(NamedTuple):
    """One utterance: model inputs (frames, 112), its tokens and the feature frame at the middle of each."""

    inputs: NDArray[np.float16]
    tokens: list[int]
    frames: list[int]


class Sampler:
    """Draws word sequences: mostly by frequency, a fifth of the words evenly over the whole lexicon."""

    def __init__(self, entries: Lexicon, rng: np.random.Generator) -> None:
        self._words = [entry.pronunciation for entry in entries.values()]
        weights = np.array([entry.frequency + 1.0 for entry in entries.values()]) ** _COMMON
        self._chances = 0.8 * weights / weights.sum() + 0.2 / len(weights)
        self._chances /= self._chances.sum()
        self._rng = rng

    def sequence(self) -> list[Pronunciation]:
        length = self._rng.choice(8, p=[0, 0.08, 0.12, 0.18, 0.2, 0.18, 0.14, 0.1])
        return [self._words[i] for i in self._rng.choice(len(self._words), length, p=self._chances)]


def timed_tokens(
    words: list[Pronunciation], phones: tuple[espeak.Phone, ...], end: float
) -> list[tuple[int, float]]:
    """Each token with the second at its middle; empty when espeak-ng merged phonemes and the count is off."""
    units = [unit for word in words for syllable in word for unit in syllable.units]
    starts = [phone.start for phone in phones if phone.mnemonic and not phone.mnemonic.startswith("_")]
    if len(starts) != sum(unit.phones for unit in units):
        return []
    starts.append(end)
    timed, position = [], 0
    for unit in units:
        start, stop = starts[position], min(starts[position + unit.phones], starts[position] + 0.4)
        position += unit.phones
        for number, token in enumerate(unit.tokens):
            timed.append((TOKEN_ID[token], start + (stop - start) * (number + 0.5) / len(unit.tokens)))
    return timed


@cache
def _low_pass(down: int) -> NDArray[np.float64]:
    return np.asarray(firwin(2 * 8 * down + 1, 0.95 / down, window=("kaiser", 5.0)))


def speak(
    words: list[Pronunciation], variant: str, rng: np.random.Generator
) -> tuple[NDArray[np.float64], list[tuple[int, float]]]:
    """A clean utterance at 16 kHz with its timed tokens. Playing it slightly faster or slower moves the
    formants."""
    down = int(rng.integers(379, 512, endpoint=True))
    warp = down / 441
    pieces = [mnemonics(word) + (" _:" if rng.random() < 0.12 else "") for word in words]
    voice = espeak.Voice(
        f"th+{variant}", int(rng.uniform(115, 235) / warp), int(rng.uniform(15, 85)), int(rng.uniform(45, 99))
    )
    spoken = espeak.speak_phonemes(" ".join(pieces), voice)
    timed = timed_tokens(words, spoken.phones, len(spoken.samples) / spoken.sample_rate)
    audio = resample_poly(spoken.samples, 320, down, window=_low_pass(down))
    lead, trail = (int(rng.uniform(0, 0.4) * SAMPLE_RATE) if rng.random() < 0.5 else 0 for _ in range(2))
    shifted = [(token, second / warp + lead / SAMPLE_RATE) for token, second in timed]
    return np.pad(audio.astype(np.float64), (lead, trail)), shifted


def example(sampler: Sampler, voices: list[str], rng: np.random.Generator, rooms: float) -> Example | None:
    """One augmented utterance, a share of them in noisy rooms; every fortieth is noise alone, or nothing at
    all, with no tokens."""
    if rng.random() < 0.025:
        samples = int(rng.uniform(0.3, 3) * SAMPLE_RATE)
        silence = noise(samples, rng) * 10 ** rng.uniform(-6, -1)
        return Example(model_inputs(silence.astype(np.float32)).astype(np.float16), [], [])
    audio, timed = speak(sampler.sequence(), voices[rng.integers(len(voices))], rng)
    if not timed:
        return None
    effect = room if rng.random() < rooms else augment
    inputs = model_inputs(effect(audio, rng).astype(np.float32)).astype(np.float16)
    frames = [min(int(second * SAMPLE_RATE / HOP), len(inputs) - 1) for _, second in timed]
    return Example(inputs, [token for token, _ in timed], frames)


def write_shard(path: Path, examples: list[Example]) -> None:
    """One npz; written under another name first, because training reads the folder while it grows."""
    partial = path.with_suffix(".partial.npz")
    np.savez(
        partial,
        inputs=np.concatenate([e.inputs for e in examples]),
        lengths=np.array([len(e.inputs) for e in examples]),
        tokens=np.concatenate([np.array(e.tokens, np.int16) for e in examples]),
        frames=np.concatenate([np.array(e.frames, np.int16) for e in examples]),
        counts=np.array([len(e.tokens) for e in examples]),
    )
    partial.rename(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shards", type=int, default=40)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rooms", type=float, default=0.0, help="share of utterances in noisy rooms")
    parser.add_argument("--held-out", action="store_true")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(options.seed)
    sampler, voices = Sampler(lexicon(), rng), list(HELD_OUT) if options.held_out else training_voices()
    if not options.held_out:
        voices += random_voices(RANDOM_VOICES, options.seed)
    for shard in range(options.shards):
        drawn = (example(sampler, voices, rng, options.rooms) for _ in range(UTTERANCES))
        write_shard(options.out / f"seed{options.seed}-{shard:03d}.npz", [e for e in drawn if e is not None])


if __name__ == "__main__":
    main()
