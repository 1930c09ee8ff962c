"""Tokens of Whisper's vocabulary that a language of one script never needs.

A small model that is not sure of Thai slips into Latin letters, digits or other scripts. Kept to Thai letters
it reads more of what people say.
"""

from __future__ import annotations

import re
from functools import cache

from tokenizers import Tokenizer

THAI = re.compile(
    rb" ?(?:[\x80-\xbf]|[\xb8\xb9][\x80-\xbf]?)?(?:\xe0[\xb8\xb9][\x80-\xbf])*(?:\xe0[\xb8\xb9]?)?", re.DOTALL
)
"""UTF-8 of U+0E00 to U+0E7F, or any part of it, since a token may end inside a letter; a space before it."""
SCRIPTS = {"th": THAI}


def foreign_tokens(vocabulary: Tokenizer, language: str) -> list[int]:
    """Ids of all text tokens that are not of the language's own script, in order; none where it has no script
    to itself."""
    script = SCRIPTS.get(language)
    if script is None:
        return []
    end = vocabulary.token_to_id("<|endoftext|>")
    letters = _bytes_of_letters()
    return sorted(
        number
        for token, number in vocabulary.get_vocab().items()
        if number < end and not script.fullmatch(bytes(letters.get(letter, 0) for letter in token))
    )


@cache
def _bytes_of_letters() -> dict[str, int]:
    """The byte that each letter of a byte-level vocabulary stands for (GPT-2's `bytes_to_unicode`)."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(256 + n): byte for n, byte in enumerate(others)}
