"""Mandarin for the neural voice: pinyin with its tones by pypinyin, sounds by pinyin."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pypinyin import Style, lazy_pinyin

from deployments.tts.embedded.neural.syllables import Syllable, Tone, Utterance

_INITIALS = {
    "": "", "b": "b", "p": "p", "m": "m", "f": "f", "d": "d", "t": "t", "n": "n", "l": "l", "g": "ɡ",
    "k": "k", "h": "h", "j": "ʤj", "q": "ʧj", "x": "ɕ", "zh": "ʤ", "ch": "ʧ", "sh": "ʃ", "r": "ʒ",
    "z": "dz", "c": "ts", "s": "s", "y": "j", "w": "w",
}  # fmt: skip
_FINALS = {
    "a": ("ɑ", ""), "o": ("wɔ", ""), "e": ("ɤ", ""), "i": ("i", ""), "u": ("ɰ", ""), "v": ("ju", ""),
    "ai": ("I", ""), "ei": ("A", ""), "ao": ("W", ""), "ou": ("O", ""), "an": ("ɑ", "n"), "en": ("ə", "n"),
    "ang": ("ɑ", "ŋ"), "eng": ("ə", "ŋ"), "ong": ("ʊ", "ŋ"), "er": ("ɑɹ", ""), "ia": ("jɑ", ""),
    "ie": ("jɛ", ""), "iao": ("jW", ""), "iou": ("jO", ""), "ian": ("jɛ", "n"), "in": ("i", "n"),
    "iang": ("jɑ", "ŋ"), "ing": ("i", "ŋ"), "iong": ("jʊ", "ŋ"), "ua": ("wɑ", ""), "uo": ("wO", ""),
    "uai": ("wI", ""), "uei": ("wA", ""), "uan": ("wɑ", "n"), "uen": ("wə", "n"), "uang": ("wɑ", "ŋ"),
    "ueng": ("wə", "ŋ"), "van": ("yɛ", "n"), "ve": ("yɛ", ""), "vn": ("y", "n"), "ê": ("ɛ", ""),
}  # fmt: skip
"""Vowel with its glide, and coda."""
_APICAL = {**dict.fromkeys(("z", "c", "s"), "ɨ"), **dict.fromkeys(("zh", "ch", "sh", "r"), "ʂ")}
"""What is written `i` after these."""
_TONES: dict[str, Tone] = {
    "1": (6, 6), "2": (-3, -2, 2, 6), "3": (-4, -7, -6), "4": (7, 5, -2, -6), "5": (-1, -2),
}  # fmt: skip
"""After Chao 1968, "A Grammar of Spoken Chinese": 55, 35, 21(4), 51, and neutral. A third tone rises only
before a pause."""
_LENGTH, _NEUTRAL_LENGTH, _STRESS = 6.0, 4.0, "ˌ"
_CHUNKS = re.compile(r"(?P<han>[\u3007\u3400-\u9fff]+)|(?P<mark>[，。？！、；：,.?!;:])")
_MARKS = str.maketrans("，。？！、；：", ",.?!,;:")


def utterance(text: str) -> Utterance:
    """Runs of characters; digits and other scripts are left out."""
    return [
        list(_syllables(match["han"])) if match["han"] else match["mark"].translate(_MARKS)
        for match in _CHUNKS.finditer(text)
    ]


def _syllables(han: str) -> Iterator[Syllable]:
    """With the tones that neighbours change: third before third, 不 and 一."""
    initials = lazy_pinyin(han, Style.INITIALS, strict=True, tone_sandhi=True)
    finals = lazy_pinyin(
        han, Style.FINALS_TONE3, strict=True, neutral_tone_with_five=True, tone_sandhi=True, errors="ignore"
    )
    for initial, final in zip(initials, finals, strict=False):
        if final[:-1] in _FINALS:
            yield _syllable(initial, final[:-1], final[-1])


def _syllable(initial: str, final: str, tone: str) -> Syllable:
    vowel, coda = _FINALS[final]
    if final == "i" and initial in _APICAL:
        vowel = _APICAL[initial]
    if not initial and vowel[0] in "iuy":
        initial = {"i": "y", "u": "w", "y": "y"}[vowel[0]]
    glide = vowel[0] if vowel[0] in "jw" else ""
    length = _NEUTRAL_LENGTH if tone == "5" else _LENGTH
    return Syllable(
        _INITIALS[initial] + glide, vowel.removeprefix(glide), coda, length, _TONES[tone], _STRESS
    )
