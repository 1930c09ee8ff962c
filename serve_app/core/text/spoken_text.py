"""Text that is to be spoken: what is left of what a caller sent, and which language it is in."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Set

from serve_app.core.fields import one_line
from serve_app.errors import InvalidRequest

SCRIPTS = {"THAI": "th", "LAO": "lo", "HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja", "CJK": "zh"}
"""The first word of a letter's Unicode name tells its script, and the script its language."""
READ = {
    **dict.fromkeys(("en", "vi", "ms"), frozenset({"LATIN"})),
    "th": frozenset({"THAI", "LATIN"}),
    "lo": frozenset({"LAO", "LATIN"}),
    "ja": frozenset({"HIRAGANA", "KATAKANA", "CJK", "IDEOGRAPHIC", "LATIN"}),
    "zh": frozenset({"CJK", "IDEOGRAPHIC", "BOPOMOFO", "LATIN"}),
    "ko": frozenset({"HANGUL", "CJK", "LATIN"}),
}
"""The scripts that each language is written in; names in Latin letters stand in texts of all."""
CONSONANTS = {"THAI": frozenset(map(chr, range(0x0E01, 0x0E2F))),
              "LAO": frozenset(map(chr, (*range(0x0E81, 0x0EAF), *range(0x0EDC, 0x0EE0))))}  # fmt: skip
"""Of scripts whose vowels and signs have no sound alone."""
VIETNAMESE = frozenset("ăđơư") | frozenset(map(chr, range(0x1EA0, 0x1EFA)))
"""Letters that no other language of ours has."""


def spoken_text(text: str, *, field: str, longest: int) -> str:
    """What is left to speak of a text, on one line (TTS-002).

    Raises InvalidRequest, which names `field`, when nothing is left that has a sound, or more than `longest`
    code points.
    """
    left = one_line(text)
    if not speakable(left):
        raise InvalidRequest(f"{field}: It has nothing that can be spoken.")
    if len(left) > longest:
        raise InvalidRequest(f"{field}: It may have {longest} characters, not {len(left)}.")
    return left


def speakable(text: str, languages: Collection[str] = tuple(READ)) -> bool:
    """Whether there is a digit, or a letter with a sound in one of the languages; marks, signs, emoji, and
    letters such as ะ and ๆ, have no reading alone."""
    scripts = frozenset[str]().union(*(READ[language] for language in languages))
    return any(_sounds(character, scripts) for character in unicodedata.normalize("NFKC", text))


def check_speakable(text: str, languages: Collection[str], *, field: str) -> None:
    """Raises InvalidRequest, which names `field`, for a text of which no such language says a thing
    (TTS-030)."""
    if not speakable(text, languages):
        raise InvalidRequest(f"{field}: Nothing in it can be spoken in {' or '.join(languages)}.")


def _sounds(character: str, scripts: Set[str]) -> bool:
    kind = unicodedata.category(character)
    if kind == "Nd":
        return True
    script = unicodedata.name(character, "").split(" ")[0]
    if script not in scripts or kind == "Lm" or kind[0] not in "LN":
        return False
    return character in CONSONANTS.get(script, character)


def language_of(text: str) -> str:
    """The language of a text by its script: `th lo ko ja zh vi`, else `en`.

    Letters of a script of its own count and Latin ones do not: an engine for Thai reads a name in Latin
    letters, while one for English reads no Thai. Kana anywhere make ideographs Japanese.
    """
    composed = unicodedata.normalize("NFC", text)
    found = Counter(language for letter in composed if (language := _by_script(letter)))
    if not found:
        return "vi" if VIETNAMESE & set(composed.lower()) else "en"
    if "ja" in found:
        found["ja"] += found.pop("zh", 0)
    return found.most_common(1)[0][0]


def _by_script(letter: str) -> str:
    return "" if letter.isascii() else SCRIPTS.get(unicodedata.name(letter, "").split(" ")[0], "")
