"""Malay for the neural voice: a letter has one sound, but for `e`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from deployments.tts.embedded.neural.syllables import Syllable, Utterance, Word

_CONSONANTS = {
    "ng": "ŋ", "ny": "nj", "sy": "ʃ", "kh": "k", "b": "b", "c": "ʧ", "d": "d", "f": "f", "g": "ɡ", "h": "h",
    "j": "ʤ", "k": "k", "l": "l", "m": "m", "n": "n", "p": "p", "q": "k", "r": "ɹ", "s": "s", "t": "t",
    "v": "v", "w": "w", "x": "ks", "y": "j", "z": "z",
}  # fmt: skip
_VOWELS = {"a": "ɑ", "e": "ə", "é": "ɛ", "i": "i", "o": "o", "u": "u", "ai": "I", "au": "W"}
_SOUND = re.compile("ng|ny|sy|kh|(?:ai|au)$|[a-zé]")
_TALING = re.compile("e(?=[bcdfghjklmnpqrstvwxyz]+[eéo][^aeiouwy]*$)|(?<=[aeiou][^aeiou])e(?=[^aeiou]+$)")
"""An `e` that is no schwa: in a closed last syllable (boleh), and before `e` or `o` in the last (tengok)."""
_TALING_WORDS = {"lewat": "léwat", "meja": "méja", "teh": "téh", "sewa": "séwa", "beza": "béza", "kek": "kék"}
_LENGTH, _SCHWA_LENGTH = 4.0, 2.0
_CHUNKS = re.compile(r"(?P<word>[a-z]+)|(?P<mark>[,.?!])")


def utterance(text: str) -> Utterance:
    """Words of Latin letters; the others are left out."""
    found = _CHUNKS.finditer(text.lower())
    return [_word(match["word"]) if match["word"] else match["mark"] for match in found]


def _word(written: str) -> Word:
    sounds = _SOUND.findall(_TALING_WORDS.get(written) or _TALING.sub("é", written))
    places = [place for place, sound in enumerate(sounds) if sound in _VOWELS]
    if not places:
        return [Syllable("".join(map(_CONSONANTS.__getitem__, sounds)), "ə", length=_SCHWA_LENGTH)]
    heavy = _stressed([sounds[place] for place in places])
    return [_syllable(sounds, places, index, index == heavy) for index in range(len(places))]


def _stressed(vowels: Sequence[str]) -> int:
    """The last but one, or the last where that is a schwa."""
    return len(vowels) - 2 if len(vowels) > 1 and vowels[-2] != "e" else len(vowels) - 1


def _syllable(sounds: Sequence[str], places: Sequence[int], index: int, stressed: bool) -> Syllable:
    """The consonants before a vowel open its syllable, but for the first of two, which closes the one
    before."""
    place = places[index]
    begin = places[index - 1] + 1 if index else 0
    if index and place - begin > 1:
        begin += 1
    after = places[index + 1] if index + 1 < len(places) else len(sounds)
    last = index + 1 == len(places)
    end = after if last else place + 1 + (after - place > 2)
    onset, coda = (
        "".join(map(_CONSONANTS.__getitem__, part)) for part in (sounds[begin:place], sounds[place + 1 : end])
    )
    length = _SCHWA_LENGTH if sounds[place] == "e" else _LENGTH
    return Syllable(onset, _VOWELS[sounds[place]], coda, length, stress="ˈ" if stressed else "")
