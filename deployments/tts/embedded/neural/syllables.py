"""What the neural voice is given to say: syllables in its English phonemes, with length and tone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

BLENDS = {
    "a": {"ɑ": 0.6, "æ": 0.4}, "e": {"ɪ": 0.5, "ɛ": 0.5}, "ø": {"ɛ": 0.5, "A": 0.5},
    "o": {"O": 0.5, "ɔ": 0.5}, "œ": {"O": 0.6, "u": 0.4}, "ʎ": {"ʊ": 0.5, "ɔ": 0.5},
    "ɤ": {"ə": 0.5, "ʊ": 0.5}, "χ": {"ʌ": 0.5, "ɔ": 0.5}, "ɯ": {"u": 0.5, "ə": 0.5},
    "ɣ": {"u": 0.7, "ə": 0.3}, "ɨ": {"ʊ": 0.6, "ɪ": 0.2, "ə": 0.2}, "β": {"u": 0.75, "i": 0.25},
    "ɰ": {"u": 0.6, "O": 0.4}, "y": {"i": 0.6, "u": 0.4}, "q": {"p": 0.5, "b": 0.5},
    "c": {"t": 0.5, "d": 0.5}, "ɟ": {"k": 0.5, "ɡ": 0.5}, "ʨ": {"ʧ": 0.5, "ʤ": 0.5},
    "x": {"k": 0.4, "h": 0.6}, "ɕ": {"ʃ": 0.6, "s": 0.4}, "ʦ": {"t": 0.5, "s": 0.5},
    "ʣ": {"d": 0.5, "z": 0.5}, "ɸ": {"f": 0.5, "h": 0.5}, "ç": {"h": 0.5, "ʃ": 0.5},
    "ɽ": {"T": 0.5, "ɹ": 0.5}, "ɾ": {"ɹ": 0.5, "l": 0.5}, "ɳ": {"ŋ": 0.6, "n": 0.4},
    "ɻ": {"ɹ": 0.5, "ʒ": 0.5}, "ʂ": {"ɹ": 0.6, "ə": 0.4},
}  # fmt: skip
"""Sounds that English lacks, each between English ones: shares of their embeddings. Most symbols are those of
the IPA; `q`, `c`, `ɟ` are the unaspirated stops, `ø` and `œ` are e and o with a glide. Capitals of the voice
itself: `A` as in day, `I` my, `O` go, `W` now, `T` the tap of butter."""

Tone = tuple[float, ...]
"""Semitones over the voice's usual pitch, evenly spaced from the start of the vowel to the end of the
syllable."""


class Syllable(NamedTuple):
    """One syllable, in characters of the voice's alphabet and of `BLENDS`."""

    onset: str
    vowel: str
    coda: str = ""
    length: float = 4.0
    """Of the vowel, in frames of 25 ms."""
    tone: Tone | None = None
    """None where the language has no tones and the voice's own intonation stands."""
    stress: str = "ˈ"
    """Empty for a weak syllable."""


Word = Sequence[Syllable]
Utterance = Sequence[Word | str]
"""Words in order; a string is what the voice reads by itself: a punctuation mark, or English in phonemes."""
