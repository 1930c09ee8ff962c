"""Sentences read aloud with one mistake, by voices that training never heard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from deployments.thai_speech import espeak
from deployments.thai_speech.g2p import ThaiWord, pronounce_text
from deployments.thai_speech.lexicon import lexicon
from deployments.thai_speech.phonemes import CONSONANTS, Pronunciation, Syllable, mnemonics
from training.thai_speech.spoken_sentences import CONDITIONS, word_bounds

MISTAKES = ("none", "word", "deleted", "tone", "consonant", "final")
"""Another word of the lexicon, no word, and in one syllable another tone, another consonant at the beginning,
no final consonant."""


class Misread(NamedTuple):
    """A sentence with at most one mistake."""

    mistake: str
    condition: str
    text: tuple[Pronunciation, ...]
    """What should have been said."""
    spoken: tuple[Pronunciation, ...]
    """What was said, word for word; empty for a word that was left out."""
    audio: NDArray[np.float32]
    bounds: list[tuple[float, float]]
    """Start and end second of each word; empty with a word left out, and when espeak-ng merged phonemes."""

    @property
    def right(self) -> list[bool]:
        """For each word whether it was said as it should be."""
        return [said == written for said, written in zip(self.spoken, self.text, strict=True)]


def misread(word: Pronunciation, mistake: str, rng: np.random.Generator) -> Pronunciation:
    """The word with this mistake; the word itself when it cannot have it."""
    if mistake == "none":
        return word
    if mistake == "deleted":
        return ()
    if mistake == "word":
        others = list(lexicon().values())
        return others[rng.integers(len(others))].pronunciation
    places = [n for n, syllable in enumerate(word) if mistake != "final" or syllable.coda]
    if not places:
        return word
    place = int(rng.choice(places))
    return (*word[:place], _changed(word[place], mistake, rng), *word[place + 1 :])


def _changed(syllable: Syllable, mistake: str, rng: np.random.Generator) -> Syllable:
    if mistake == "final":
        return replace(syllable, coda="")
    if mistake == "tone":
        return replace(syllable, tone=int(syllable.tone + rng.integers(1, 5)) % 5)
    letter = str(rng.choice([letter for letter in CONSONANTS if letter not in syllable.onset]))
    return replace(syllable, onset=(letter, *syllable.onset[1:]))


def misread_sentences(path: Path, voices: Sequence[str], seed: int) -> Iterator[Misread]:
    """Each sentence of a file with each mistake in each condition, by one of the voices."""
    rng = np.random.default_rng(seed)
    for line in path.read_text(encoding="utf-8").split():
        words = [chunk for chunk in pronounce_text(line) if isinstance(chunk, ThaiWord)]
        for mistake, condition in product(MISTAKES, CONDITIONS):
            voice = str(rng.choice(voices))
            yield _speak(words, mistake, condition, voice, rng)


def _speak(
    words: Sequence[ThaiWord], mistake: str, condition: str, variant: str, rng: np.random.Generator
) -> Misread:
    text = [word.pronunciation for word in words]
    spoken, wrong = list(text), int(rng.integers(len(words)))
    spoken[wrong] = misread(text[wrong], mistake, rng)
    voice = espeak.Voice(f"th+{variant}", int(rng.uniform(125, 180)), int(rng.uniform(30, 70)))
    heard = espeak.speak_phonemes(" ".join(mnemonics(word) for word in spoken if word), voice)
    said = [ThaiWord(word.text, word_said) for word, word_said in zip(words, spoken, strict=True)]
    length = len(heard.samples) / heard.sample_rate
    bounds = word_bounds(said, heard.phones, length) if all(spoken) else []
    audio = resample_poly(heard.samples.astype(np.float64), 320, 441)
    noisy = CONDITIONS[condition](audio, rng).astype(np.float32)
    return Misread(mistake, condition, tuple(text), tuple(spoken), noisy, bounds)
