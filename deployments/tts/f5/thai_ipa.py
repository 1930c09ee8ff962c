"""Thai in the International Phonetic Alphabet, as F5-TTS-TH v2 was trained to read it.

Letters of a syllable follow each other, tone marks stand on the vowel, syllables join, words are spaced:
`สวัสดีครับ` is `sawàtdiː kʰráp`. The conventions are those that the model's own package, f5-tts-th 1.0.9,
shows in its output; the pronunciations are ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from deployments.thai_speech.g2p import ForeignText, Pause, ThaiWord, pronounce_text
from deployments.thai_speech.phonemes import Pronunciation, Syllable

_CONSONANTS = {"N": "ŋ", "c": "tɕ", "ch": "tɕʰ", "ph": "pʰ", "th": "tʰ", "kh": "kʰ", "?": "ʔ"}
_VOWELS = {"U": "ɯ", "x": "ɛ", "O": "ɔ", "@": "ə"}
"""Like the consonants: those that are not written as in the lexicon."""
_CENTRING = {"i": "iə", "U": "ɯə", "u": "uə"}
"""Long and short ones are not told apart."""
_TONES = ("", "\N{COMBINING GRAVE ACCENT}", "\N{COMBINING CIRCUMFLEX ACCENT}",
          "\N{COMBINING ACUTE ACCENT}", "\N{COMBINING CARON}")  # fmt: skip
"""0 mid, 1 low, 2 falling, 3 high, 4 rising. The marks stay apart from their letters (NFD): a vocabulary
lists each once, and speech is timed by the number of characters."""
ALPHABET = frozenset("ŋɕʰɯɛɔəːʔ").union(*_TONES)
"""What a vocabulary must know to be of this alphabet, beside ASCII letters."""


def thai_ipa(text: str) -> str:
    """Any text as IPA words; other scripts stay as they are, numbers are read in Thai, marks are dropped."""
    return " ".join(_words(text))


def _words(text: str) -> Iterator[str]:
    for chunk in pronounce_text(text):
        match chunk:
            case ThaiWord():
                yield word_ipa(chunk.pronunciation)
            case ForeignText():
                yield chunk.text
            case Pause():
                pass


def word_ipa(word: Pronunciation) -> str:
    """One word."""
    return "".join(map(_syllable, (*map(_reduced, word[:-1]), _clipped(_checked(word[-1])))))


def _reduced(syllable: Syllable) -> Syllable:
    """A syllable before others: /a/ stays open, without tone in the prefixes sa-, kra-, pra-, tra-; `น้ำ` is
    short."""
    if (syllable.vowel, syllable.coda) == ("a", ""):
        toneless = syllable.tone == 1 and (syllable.onset == ("s",) or len(syllable.onset) > 1)
        return replace(syllable, tone=0) if toneless else syllable
    if (syllable.onset, syllable.vowel, syllable.coda, syllable.tone) == (("n",), "aa", "m", 3):
        return replace(syllable, vowel="a")
    return _clipped(_checked(syllable))


def _checked(syllable: Syllable) -> Syllable:
    """A short open syllable closes with a glottal stop."""
    return replace(syllable, coda="?") if len(syllable.vowel) == 1 and not syllable.coda else syllable


def _clipped(syllable: Syllable) -> Syllable:
    """`เ-่น`, `แ-่ง`: written long under a tone mark before a nasal, spoken short."""
    tones = {"ee": (1, 2, 3), "xx": (1,)}.get(syllable.vowel, ())
    if syllable.tone in tones and syllable.coda in ("m", "n", "N"):
        return replace(syllable, vowel=syllable.vowel[0])
    return syllable


def _syllable(syllable: Syllable) -> str:
    onset = "".join(_CONSONANTS.get(letter, letter) for letter in syllable.onset)
    coda = _CONSONANTS.get(syllable.coda, syllable.coda)
    return onset + _vowel(syllable.vowel, _TONES[syllable.tone]) + coda


def _vowel(vowel: str, tone: str) -> str:
    """The tone stands on the first letter."""
    if vowel[-1] == "a" and vowel[0] in _CENTRING:
        diphthong = _CENTRING[vowel[0]]
        return diphthong[0] + tone + diphthong[1]
    return _VOWELS.get(vowel[0], vowel[0]) + tone + ("ː" if len(vowel) > 1 else "")
