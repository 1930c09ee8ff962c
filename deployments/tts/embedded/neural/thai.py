"""Thai and Lao syllables, as our own reading finds them, for the neural voice."""

from __future__ import annotations

from collections.abc import Sequence

from deployments.thai_speech.g2p import Chunk, ThaiWord
from deployments.thai_speech.phonemes import Syllable as ThaiSyllable
from deployments.tts.embedded.neural.syllables import Syllable, Tone, Utterance

_ONSETS = {
    "p": "q", "t": "c", "k": "ɡ", "c": "ʤ", "b": "b", "d": "d", "m": "m", "n": "n", "N": "ŋ", "r": "ɹ",
    "l": "l", "w": "w", "j": "j", "f": "f", "s": "s", "h": "h", "?": "", "ph": "p", "th": "t", "kh": "k",
    "ch": "ʧ",
}  # fmt: skip
_VOWELS = {
    "a": "ʌ", "aa": "a", "i": "i", "ii": "i", "U": "ɯ", "UU": "ɯ", "u": "ɰ", "uu": "ɰ", "e": "ɛ", "ee": "ø",
    "x": "æ", "xx": "ɛ", "o": "œ", "oo": "œ", "O": "ɔ", "OO": "ɔ", "@": "ɤ", "@@": "ɤ", "ia": "iə",
    "iia": "iə", "Ua": "ɯə", "UUa": "ɯə", "ua": "uə", "uua": "uə",
}  # fmt: skip
_GLIDED = {"aj": "I", "aw": "W", "aaj": "ɑj", "aaw": "ɑw"}
"""Vowel and coda in one."""
_CODAS = {
    "": "", "p": "p", "t": "t", "k": "k", "m": "m", "n": "n", "N": "ŋ", "w": "w", "j": "j", "?": "",
    "f": "p", "s": "t", "l": "n", "ch": "t",
}  # fmt: skip
_TONES: tuple[Tone, ...] = ((0, 0, -0.5), (-2, -3.5, -5.5), (4, 6, 1, -5), (1, 3, 6), (-3, -5, -3, 4))
"""Mid, low, falling, high, rising: after Abramson 1962, "The Vowels and Tones of Standard Thai"."""
_SHORT, _LONG, _STRESS = 4.0, 7.0, "ˌ"
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
