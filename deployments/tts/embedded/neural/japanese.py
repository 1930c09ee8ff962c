"""Japanese for the neural voice: kana to morae."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deployments.tts.embedded.neural.syllables import Syllable, Utterance

_ROWS = {
    "": "アイウエオ", "k": "カキクケコ", "ɡ": "ガギグゲゴ", "s": "サ_スセソ", "z": "ザ_ズゼゾ",
    "t": "タ__テト", "d": "ダ__デド", "n": "ナニヌネノ", "h": "ハ__ヘホ", "b": "バビブベボ",
    "p": "パピプペポ", "m": "マミムメモ", "j": "ヤ_ユ_ヨ", "T": "ラリルレロ", "w": "ワ", "ʃ": "_シ",
    "ʤ": "_ジ", "ʧ": "_チ", "ʦ": "__ツ", "ç": "_ヒ", "ɸ": "__フ", "v": "__ヴ",
}  # fmt: skip
"""Onset to its kana in the order a i u e o."""
_ORDER = "aiueo"
_MORAE = {
    kana: (onset, vowel)
    for onset, row in _ROWS.items()
    for kana, vowel in zip(row, _ORDER, strict=False)
    if kana != "_"
} | {"ヂ": ("ʤ", "i"), "ヅ": ("z", "u"), "ヲ": ("", "o"), "ヰ": ("", "i"), "ヱ": ("", "e")}
_SMALL = dict(zip("ャュョァィゥェォヮ", "auoaiueoa", strict=True))
_PALATAL = frozenset("ャュョ")
_SOUNDS = {"a": "a", "i": "i", "u": "u", "e": "ø", "o": "o"}
_CONSONANTS: dict[str, str] = {}
_SHORT, _LONG, _STRESS = 3.0, 6.5, "ˌ"
"""Frames: a long vowel is two morae."""
_CHUNKS = re.compile(r"(?P<kana>[ァ-ヺー]+)|(?P<mark>[、。？！,.?!])")
_MORA = re.compile(r"(?P<kana>[ァ-ヺ])(?P<small>[ャュョァィゥェォヮ]?)|ー")
_MARKS = str.maketrans("、。？！", ",.?!")
_LENGTHENS = frozenset({"aa", "ii", "uu", "ee", "oo", "ou", "ei"})
"""A vowel and a vowel alone that makes it long."""
_NASALS = {**dict.fromkeys("bpm", "m"), **dict.fromkeys("kɡ", "ŋ")}
_CLOSED = {"ʧ": "t", "ʦ": "t", "ʤ": "d"}
_HIRAGANA = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)}


def utterance(text: str) -> Utterance:
    """Kana in phrases; what is no kana is left out."""
    return [
        list(_syllables(match["kana"])) if match["kana"] else match["mark"].translate(_MARKS)
        for match in _CHUNKS.finditer(text.translate(_HIRAGANA))
    ]


def _syllables(kana: str) -> Iterator[Syllable]:
    """Morae joined to syllables: ン and ッ close the one before, ー and a like vowel lengthen it."""
    open_: tuple[str, str, bool] | None = None
    for match in _MORA.finditer(kana):
        written = match["kana"] or "ー"
        if written in "ンッ":
            if open_:
                yield _syllable(*open_, _coda(written, kana[match.end() : match.end() + 1]))
            open_ = None
            continue
        onset, vowel = _mora(written, match["small"] or "")
        if open_ and not open_[2] and (written == "ー" or (not onset and open_[1] + vowel in _LENGTHENS)):
            open_ = (open_[0], open_[1], True)
            continue
        if open_:
            yield _syllable(*open_, "")
        open_ = (onset, vowel, False) if vowel else None
    if open_:
        yield _syllable(*open_, "")


def _mora(written: str, small: str) -> tuple[str, str]:
    """Onset and vowel; neither for a kana that stands for no sound by itself."""
    onset, vowel = _MORAE.get(written, ("", _SMALL.get(written, "")))
    if not small:
        return onset, vowel
    glide = "j" if small in _PALATAL and onset not in ("ʃ", "ʧ", "ʤ") else ""
    return ("h" if glide and onset == "ç" else onset) + glide, _SMALL[small]


def _coda(written: str, following: str) -> str:
    onset = _mora(following, "")[0] if following else ""
    if written == "ン":
        return _NASALS.get(onset, "n")
    return _CLOSED.get(onset, onset[:1])


def _syllable(onset: str, vowel: str, long: bool, coda: str) -> Syllable:
    return Syllable(
        _CONSONANTS.get(onset, onset), _SOUNDS[vowel], coda, _LONG if long else _SHORT, stress=_STRESS
    )
