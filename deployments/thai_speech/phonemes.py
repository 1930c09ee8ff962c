"""Thai syllables: the notation of the lexicon, the tokens of the acoustic model, the mnemonics of espeak-ng.

A syllable is onset + vowel + coda + tone in tltk's notation: `khrap3` is /kʰráp/. Tones: 0 mid, 1 low, 2
falling, 3 high, 4 rising. The acoustic model reads onset letters, a vowel together with its tone, and the
coda, so that one syllable is two to four CTC tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

CONSONANTS = {
    "p": "p", "t": "t", "k": "k", "c": "tS;", "b": "b", "d": "d", "m": "m", "n": "n", "N": "N", "r": "r",
    "l": "l", "w": "w", "j": "j", "f": "f", "s": "s", "h": "h", "?": "?", "ph": "p_h", "th": "t_h",
    "kh": "k_h", "ch": "tS",
}  # fmt: skip
"""Onset letter -> espeak-ng mnemonic of its Thai phoneme table."""

_VOWELS = {"a": "a", "i": "i", "U": "W", "u": "u", "e": "e", "x": "E", "o": "o", "O": "O", "@": "@"}
_CENTRING = {"ia": "ia", "Ua": "Wa", "ua": "ua", "iia": "ia", "UUa": "Wa", "uua": "ua"}
_LONG = {vowel * 2: mnemonic + ":" for vowel, mnemonic in _VOWELS.items()}
VOWELS = {**_CENTRING, **_LONG, **_VOWELS}
CODAS = {"p": "p", "t": "t", "k": "k", "m": "m", "n": "n", "N": "N", "w": "w", "j": "j", "?": "?",
         "f": "p", "s": "t", "l": "n", "ch": "t"}  # fmt: skip
"""The last four occur in loanwords only and are spoken as the stop or nasal they stand for."""
_DIPHTHONGS = {
    ("a", "j"): "ai", ("aa", "j"): "a:i", ("a", "w"): "au", ("aa", "w"): "a:u", ("OO", "j"): "Oi", ("O", "j"):
    "Oi", ("oo", "j"): "oi", ("u", "j"): "ui", ("@@", "j"): "@i", ("@", "j"): "@i", ("i", "w"): "iu",
    ("e", "w"): "eu", ("ee", "w"): "eu", ("xx", "w"): "Eu", ("x", "w"): "Eu",
}  # fmt: skip
_TONES = ("3", "2", "5", "4", "1")
"""espeak-ng's number of each of our tones."""

BLANK = 0
TOKENS = (
    "<blank>",
    *CONSONANTS,
    *(f"{v}{tone}" for v in VOWELS for tone in range(5)),
    *(f"_{c}" for c in CODAS),
)
TOKEN_ID = {token: number for number, token in enumerate(TOKENS)}


def _either(names: Sequence[str]) -> str:
    return "|".join(map(re.escape, sorted(names, key=len, reverse=True)))


_SYLLABLE = re.compile(
    f"(?P<onset>(?:{_either([*CONSONANTS])}){{0,2}}?)(?P<vowel>{_either([*VOWELS])})(?P<coda>{_either([*CODAS])})?(?P<tone>[0-4])"
)


class Unit(NamedTuple):
    """What espeak-ng speaks as one piece."""

    tokens: tuple[str, ...]
    mnemonic: str
    phones: int = 1
    """Phoneme events that espeak-ng reports for it."""


@dataclass(frozen=True, slots=True)
class Syllable:
    """One spoken Thai syllable."""

    onset: tuple[str, ...]
    """One or two letters of CONSONANTS."""
    vowel: str
    coda: str
    """A letter of CODAS, or empty."""
    tone: int
    """0 mid, 1 low, 2 falling, 3 high, 4 rising."""

    def __str__(self) -> str:
        return f"{''.join(self.onset)}{self.vowel}{self.coda}{self.tone}"

    @property
    def units(self) -> list[Unit]:
        """The syllable in spoken order: onset letters, vowel, coda; vowel and coda are one unit in a
        diphthong."""
        onset = [Unit((letter,), CONSONANTS[letter]) for letter in self.onset]
        return [*onset, *self._rhyme()]

    def _rhyme(self) -> list[Unit]:
        nucleus, tone, coda = f"{self.vowel}{self.tone}", _TONES[self.tone], f"_{self.coda}"
        if (self.vowel, self.coda) in _DIPHTHONGS:
            return [Unit((nucleus, coda), _DIPHTHONGS[self.vowel, self.coda] + tone)]
        vowel = Unit((nucleus,), VOWELS[self.vowel] + tone, phones=2 if self.vowel in _CENTRING else 1)
        return [vowel, Unit((coda,), CODAS[self.coda])] if self.coda else [vowel]


Pronunciation = tuple[Syllable, ...]


def parse(notation: str) -> Pronunciation:
    """Read a word of the lexicon, for example `sa1'wat1~dii0`. Raises ValueError for what is no Thai
    syllable."""
    return tuple(_parse_syllable(part) for part in re.split("[~']", notation))


@cache  # a few thousand syllables make up all words
def _parse_syllable(notation: str) -> Syllable:
    match = _SYLLABLE.fullmatch(notation)
    if match is None:
        raise ValueError(f"not a Thai syllable: {notation!r}")
    onset = tuple(_letters(match["onset"])) or ("?",)
    return Syllable(onset, match["vowel"], match["coda"] or "", int(match["tone"]))


def _letters(onset: str) -> Iterator[str]:
    return (match[0] for match in re.finditer(_either([*CONSONANTS]), onset))


def tokens(word: Pronunciation) -> list[int]:
    """CTC targets of a word, as indices into TOKENS."""
    return [TOKEN_ID[token] for syllable in word for unit in syllable.units for token in unit.tokens]


def mnemonics(word: Pronunciation) -> str:
    """The word for espeak-ng's Thai voice, to be put between `[[` and `]]`."""
    return "||".join("".join(unit.mnemonic for unit in syllable.units) for syllable in word)
