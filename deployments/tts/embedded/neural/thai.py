"""Thai and Lao syllables, as our own reading finds them, for the neural voice."""

from __future__ import annotations

from collections.abc import Sequence

from deployments.thai_speech.g2p import Chunk, ThaiWord
from deployments.thai_speech.phonemes import Syllable as ThaiSyllable
from deployments.tts.embedded.neural.syllables import Syllable, Tone, Utterance

_ONSETS = {
    "p": "q", "t": "c", "k": "ɟ", "c": "ʨ", "b": "b", "d": "d", "m": "m", "n": "n", "N": "ŋ", "r": "ɹ",
    "l": "l", "w": "w", "j": "j", "f": "f", "s": "s", "h": "h", "?": "", "ph": "p", "th": "t", "kh": "k",
    "ch": "ʧ",
}  # fmt: skip
_VOWELS = {
    "a": "ʌ", "aa": "ɑ", "i": "i", "ii": "i", "U": "ɯ", "UU": "ɯ", "u": "u", "uu": "u", "e": "e", "ee": "e",
    "x": "æ", "xx": "æ", "o": "o", "oo": "o", "O": "ɔ", "OO": "ɔ", "@": "ɤ", "@@": "ɤ", "ia": "iə",
    "iia": "iə", "Ua": "ɯə", "UUa": "ɯə", "ua": "uə", "uua": "uə",
}  # fmt: skip
_GLIDED = {"aj": "I", "aw": "W", "aaj": "ɑj", "aaw": "ɑw"}
"""Vowel and coda in one."""
_CODAS = {
    "": "", "p": "p", "t": "t", "k": "k", "m": "m", "n": "n", "N": "ŋ", "w": "w", "j": "j", "?": "",
    "f": "p", "s": "t", "l": "n", "ch": "t",
}  # fmt: skip
_TONES: tuple[Tone, ...] = ((0, 0, -0.5), (-1.5, -2.5, -4), (3, 4.5, 0, -4), (1, 2, 4.5), (-2.5, -4, -2, 3))
"""Mid, low, falling, high, rising: after Abramson 1962, "The Vowels and Tones of Standard Thai"."""
_SHORT, _LONG, _STRESS = 4.0, 8.0, "ˈ"
"""Frames; a long Thai vowel lasts about twice as long as a short one (the same source)."""


def utterance(chunks: Sequence[Chunk]) -> Utterance:
    """Words, and commas for pauses."""
    return [
        [_syllable(syllable) for syllable in chunk.pronunciation] if isinstance(chunk, ThaiWord) else ","
        for chunk in chunks
    ]


def _syllable(syllable: ThaiSyllable) -> Syllable:
    onset = "".join(_ONSETS[letter] for letter in syllable.onset)
    length = _LONG if len(syllable.vowel) > 1 else _SHORT
    glided = _GLIDED.get(syllable.vowel + syllable.coda)
    vowel, coda = (glided, "") if glided else (_VOWELS[syllable.vowel], _CODAS[syllable.coda])
    return Syllable(onset, vowel, coda, length, _TONES[syllable.tone], _STRESS)
