"""Sounds and tones of Thai as teachers read them: the International Phonetic Alphabet, and the tones' names.

After Tingsabadh and Abramson (1993, "Thai", Journal of the International Phonetic Association 23). Two labels
that are spoken alike read alike.
"""

from __future__ import annotations

from deployments.thai_speech.phonemes import CODAS, CONSONANTS, VOWELS

TONE_NAMES = ("mid", "low", "falling", "high", "rising")
"""Of tones 0..4."""
_CONSONANTS = {"N": "ŋ", "c": "tɕ", "ch": "tɕʰ", "ph": "pʰ", "th": "tʰ", "kh": "kʰ", "?": "ʔ"}
_VOWELS = {"U": "ɯ", "x": "ɛ", "O": "ɔ", "@": "ɤ"}
"""Like the consonants: those that are not written as in the lexicon."""
_CENTRING = {"i": "iə", "U": "ɯə", "u": "uə"}
"""Short ones occur in a few words that imitate noises, and are spoken like the long ones here."""
_UNRELEASED = {"p": "p̚", "t": "t̚", "k": "k̚"}


def _vowel(vowel: str) -> str:
    if vowel[-1] == "a" and vowel[0] in _CENTRING:
        return _CENTRING[vowel[0]]
    return _VOWELS.get(vowel[0], vowel[0]) + ("ː" if len(vowel) > 1 else "")


def _coda(mnemonic: str) -> str:
    """Final consonants of loanwords are spoken as the stop or nasal that they stand for."""
    return _UNRELEASED.get(mnemonic) or _CONSONANTS.get(mnemonic, mnemonic)


IPA = (
    None,
    *(_CONSONANTS.get(letter, letter) for letter in CONSONANTS),
    *map(_vowel, VOWELS),
    *map(_coda, CODAS.values()),
)
"""Of each label of `readings.toneless`; None for the blank, which is no sound."""
