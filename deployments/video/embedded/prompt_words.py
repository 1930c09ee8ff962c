"""Words of prompts in Latin and Thai script, found in running text."""

from __future__ import annotations

import re
import unicodedata

LATIN = "a-z\u00df-\u024f\u1e00-\u1eff"
"""Small letters of English and Vietnamese, those with marks composed."""


def plain(prompt: str) -> str:
    """The prompt in small, composed letters and single spaces, as the patterns expect it."""
    return " ".join(unicodedata.normalize("NFC", prompt).lower().split())


def words(alternatives: str) -> str:
    """A pattern of whole words; Thai is written without spaces, so only Latin letters bound one."""
    return rf"(?<![{LATIN}])(?:{alternatives})(?![{LATIN}])"


def pattern(alternatives: str) -> re.Pattern[str]:
    """Such words, compiled."""
    return re.compile(words(alternatives))
