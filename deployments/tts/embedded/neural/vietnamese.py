"""Vietnamese of Hanoi for the neural voice: its spelling says every sound and tone."""

from __future__ import annotations

import re
import unicodedata

from deployments.tts.embedded.neural.english import phonemes
from deployments.tts.embedded.neural.syllables import Syllable, Tone, Utterance, Word

_TONES: dict[str, Tone] = {
    "": (2, 2, 2), "\u0300": (-3, -5, -7), "\u0301": (0, 2, 6), "\u0309": (-1, -5, -1.5),
    "\u0303": (0, -3, 6), "\u0323": (-1, -4, -7),
}  # fmt: skip
"""Ngang, huyền, sắc, hỏi, ngã, nặng by their marks: after Thompson 1965, "A Vietnamese Grammar"."""
_ONSETS = {
    "ngh": "ŋɡ", "ng": "ŋɡ", "nh": "nj", "ch": "ʧ", "tr": "ʧ", "th": "t", "ph": "f", "kh": "x", "gh": "ɡ",
    "gi": "z", "qu": "kw", "đ": "d", "d": "z", "b": "b", "c": "ɟ", "k": "ɟ", "g": "ɡ", "h": "h", "l": "l",
    "m": "m", "n": "n", "r": "z", "s": "s", "t": "c", "v": "v", "x": "s", "p": "q", "": "",
}  # fmt: skip
_VOWELS = {
    "iê": "iə", "yê": "iə", "uô": "uə", "ươ": "ɯə", "ia": "iə", "ya": "iə", "ua": "uə", "ưa": "ɯə", "a": "a",
    "ă": "a", "â": "ə", "e": "æ", "ê": "e", "i": "i", "y": "i", "oo": "ɔ", "o": "ɔ", "ô": "o", "ơ": "ə",
    "u": "u", "ư": "ɯ",
}  # fmt: skip
_CODAS = {
    "": "", "p": "p", "t": "t", "c": "k", "ch": "k", "m": "m", "n": "n", "ng": "ŋ", "nh": "ŋ", "i": "j",
    "y": "j", "o": "w", "u": "w",
}  # fmt: skip
_SHORT_RHYMES = {"ay": ("I", ""), "au": ("ʌ", "u"), "anh": ("I", "ŋ"), "ach": ("I", "k")}
"""Spelled with `a`, said short."""
_SHORT_VOWELS = frozenset("ăâ")
_SHORT, _LONG, _STRESS = 4.0, 7.0, "ˌ"
_NUCLEUS = "|".join(sorted(_VOWELS, key=len, reverse=True))
_SYLLABLE = re.compile(
    f"(?P<onset>gi(?=[aăâeêoôơuư])|ngh|ng|nh|ch|tr|th|ph|kh|gh|qu|[bcdđghklmnprstvx]|)"
    f"(?P<glide>o(?=[aăe])|u(?=[âêơy])|)(?P<rhyme>(?P<vowel>{_NUCLEUS})(?P<coda>ng|nh|ch|[pctmnioyu]|))"
)
_CHUNKS = re.compile(r"(?P<word>[^\W\d_]+)|(?P<mark>[,.?!])")


def utterance(text: str) -> Utterance:
    """Syllables as words; what is spelled like no Vietnamese syllable is read in English."""
    found = _CHUNKS.finditer(unicodedata.normalize("NFC", text))
    return [_word(match["word"]) if match["word"] else match["mark"] for match in found]


def _word(written: str) -> Word | str:
    syllable = _syllable(written.lower())
    return phonemes(written) if syllable is None else [syllable]


def _syllable(written: str) -> Syllable | None:
    tone = next((mark for mark in unicodedata.normalize("NFD", written) if mark in _TONES and mark), "")
    letters = unicodedata.normalize("NFC", unicodedata.normalize("NFD", written).replace(tone, ""))
    match = _SYLLABLE.fullmatch(letters)
    if match is None:
        return None
    vowel, coda = _SHORT_RHYMES.get(match["rhyme"]) or (_VOWELS[match["vowel"]], _CODAS[match["coda"]])
    short = match["rhyme"] in _SHORT_RHYMES or match["vowel"] in _SHORT_VOWELS
    onset = _ONSETS[match["onset"]] + ("w" if match["glide"] else "")
    return Syllable(onset, vowel, coda, _SHORT if short else _LONG, _TONES[tone], _STRESS)
