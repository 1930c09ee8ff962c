"""Korean as it is said: the sounds that change where syllables meet, for the neural voice.

Rules of the Standard Pronunciation (표준 발음법, National Institute of Korean Language), chapters 4 to 6,
within a word; what depends on its meaning (ㄴ added in compounds, tense sounds after verb stems) is left
out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from deployments.tts.embedded.neural.syllables import Syllable, Utterance

_ONSETS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
_PAIRS = {
    "ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ", "ㄶ": "ㄴㅎ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ", "ㄽ": "ㄹㅅ",
    "ㄾ": "ㄹㅌ", "ㄿ": "ㄹㅍ", "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ",
}  # fmt: skip
_SECOND_STAYS = frozenset("ㄺㄻㄿ")
"""Of these two the second is heard, of the others the first."""
_ASPIRATED = dict(zip("ㄱㄷㅂㅈ", "ㅋㅌㅍㅊ", strict=True))
_TENSE = dict(zip("ㄱㄷㅂㅅㅈ", "ㄲㄸㅃㅆㅉ", strict=True))
_NASAL = dict(zip("ㄱㄷㅂ", "ㅇㄴㅁ", strict=True))
_PALATAL = {"ㄷ": "ㅈ", "ㅌ": "ㅊ"}
_STOPS = dict(zip("ㄱㄲㅋㄷㅌㅅㅆㅈㅊㅎㅂㅍ", "ㄱㄱㄱㄷㄷㄷㄷㄷㄷㄷㅂㅂ", strict=True))
"""What is heard of a final obstruent."""
_FIRST_HANGUL = 0xAC00

_SOUNDS = {
    "ㄱ": "ɡ", "ㄲ": "ɡ", "ㄴ": "n", "ㄷ": "c", "ㄸ": "d", "ㄹ": "T", "ㅁ": "m", "ㅂ": "b", "ㅃ": "b",
    "ㅅ": "s", "ㅆ": "s", "ㅇ": "", "ㅈ": "ʨ", "ㅉ": "ʤ", "ㅊ": "ʧ", "ㅋ": "k", "ㅌ": "t", "ㅍ": "p",
    "ㅎ": "h", "ㅏ": "a", "ㅐ": "A", "ㅑ": "ja", "ㅒ": "jɛ", "ㅓ": "χ", "ㅔ": "ø", "ㅕ": "jχ", "ㅖ": "jɛ",
    "ㅗ": "œ", "ㅘ": "wa", "ㅙ": "wɛ", "ㅚ": "wɛ", "ㅛ": "jO", "ㅜ": "u", "ㅝ": "wʌ", "ㅞ": "wɛ",
    "ㅟ": "wi", "ㅠ": "ju", "ㅡ": "ʊ", "ㅢ": "ʊi", "ㅣ": "i",
}  # fmt: skip
_BETWEEN_VOICED = {"ㄱ": "ɡ", "ㄷ": "d", "ㅂ": "b", "ㅈ": "ʤ"}
_CODAS = {"": "", "ㄱ": "k", "ㄴ": "n", "ㄷ": "t", "ㄹ": "l", "ㅁ": "m", "ㅂ": "p", "ㅇ": "ŋ"}
_BEFORE_I = frozenset("ㅣㅑㅕㅛㅠㅟ")
"""ㅅ before these is /ɕ/."""
_LENGTH, _STRESS = 4.0, "ˌ"
"""Frames of a vowel; Korean syllables are even and quick."""
_CHUNKS = re.compile(r"(?P<word>[가-힣]+)|(?P<mark>[,.?!])")


def utterance(text: str) -> Utterance:
    """Hangul in words; digits and other scripts are left out."""
    found = _CHUNKS.finditer(text)
    return [list(_syllables(match["word"])) if match["word"] else match["mark"] for match in found]


def pronounced(word: str) -> str:
    """A word of Hangul spelled as it sounds: 같이 is 가치, 국물 is 궁물."""
    return "".join(_hangul(*each) for each in _spoken(word))


def _spoken(word: str) -> list[tuple[str, str, str]]:
    """Onset, vowel and final of each syllable, as said."""
    letters = [_letters(character) for character in word]
    for here, following in pairwise(letters):
        here[2], following[0] = _meet(here[2], following[0], following[1])
    if letters:
        letters[-1][2] = _alone(letters[-1][2])
    return [(onset, vowel, final) for onset, vowel, final in letters]


def _letters(syllable: str) -> list[str]:
    code = ord(syllable) - _FIRST_HANGUL
    return [_ONSETS[code // 588], _VOWELS[code % 588 // 28], _FINALS[code % 28]]


def _hangul(onset: str, vowel: str, final: str) -> str:
    place = (_ONSETS.index(onset) * 21 + _VOWELS.index(vowel)) * 28 + _FINALS.index(final)
    return chr(_FIRST_HANGUL + place)


def _alone(final: str) -> str:
    """A final before a consonant or nothing."""
    first, second = _PAIRS.get(final, (final, ""))
    heard = second if final in _SECOND_STAYS else first
    return _STOPS.get(heard, heard)


def _meet(final: str, onset: str, vowel: str) -> tuple[str, str]:
    """The final and the onset after it, as they change one another."""
    first, last = _PAIRS.get(final, ("", final))
    if not final:
        return "", onset
    if onset == "ㅇ":
        return _linked(first, last, vowel)
    if last == "ㅎ" or onset == "ㅎ":
        breathed = _breathed(first, last, onset, vowel)
        if breathed is not None:
            return breathed
    return _beside(final, last, onset)


def _linked(first: str, last: str, vowel: str) -> tuple[str, str]:
    """Before a vowel the last consonant begins the next syllable (연음); ㅎ is silent (§12), ㄷ and ㅌ are
    palatal before ㅣ and ㅕ (§17)."""
    if last == "ㅇ":
        return "ㅇ", "ㅇ"
    if last == "ㅎ":
        return "", first or "ㅇ"
    if vowel in "ㅣㅕ":
        last = _PALATAL.get(last, last)
    return _STOPS.get(first, first), "ㅆ" if first and last == "ㅅ" else last


def _breathed(first: str, last: str, onset: str, vowel: str) -> tuple[str, str] | None:
    """ㅎ joins a neighbour to an aspirate or a tense ㅆ (§12); None where it does not."""
    if last == "ㅎ":
        if onset == "ㄴ":
            return ("ㄹ", "ㄹ") if first == "ㄹ" else ("ㄴ", "ㄴ")
        joined = "ㅆ" if onset == "ㅅ" else _ASPIRATED.get(onset)
        return None if joined is None else (first, joined)
    plain = last if last == "ㅈ" else _STOPS.get(last, last)
    if plain not in _ASPIRATED:
        return None
    return _STOPS.get(first, first), "ㅊ" if last == "ㄷ" and vowel in "ㅣㅕ" else _ASPIRATED[plain]


def _beside(final: str, last: str, onset: str) -> tuple[str, str]:
    """Between consonants: tense after a stop (§23), nasal before a nasal (§18, 19), ㄹ beside ㄴ (§20)."""
    heard = "ㄹ" if final == "ㄺ" and onset == "ㄱ" else _alone(final)
    if last in _STOPS and last != "ㅎ":
        onset = _TENSE.get(onset, onset)
    if onset == "ㄹ" and heard in "ㄱㄷㅂㅁㅇ":
        return _NASAL.get(heard, heard), "ㄴ"
    if onset in "ㄴㅁ":
        heard = _NASAL.get(heard, heard)
    return ("ㄹ", "ㄹ") if {heard, onset} == {"ㄴ", "ㄹ"} else (heard, onset)


def _syllables(word: str) -> Iterator[Syllable]:
    voiced, before = False, ""
    for onset, vowel, final in _spoken(word):
        sound = _BETWEEN_VOICED.get(onset, _SOUNDS[onset]) if voiced else _SOUNDS[onset]
        if onset in "ㅅㅆ" and vowel in _BEFORE_I:
            sound = "ʃ"
        elif onset == before == "ㄹ":
            sound = "l"
        rhyme = _SOUNDS[vowel]
        glide = rhyme[0] if rhyme[0] in "jw" else ""
        yield Syllable(sound + glide, rhyme.removeprefix(glide), _CODAS[final], _LENGTH, stress=_STRESS)
        voiced, before = final in ("", "ㄴ", "ㄹ", "ㅁ", "ㅇ"), final
