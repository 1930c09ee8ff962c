"""The words that describe a voice to OmniVoice, a closed vocabulary: a wrong word is known at once (TTS-015).

Source: `omnivoice/utils/voice_design.py` and `_resolve_instruct` of omnivoice 0.2.1, which raise on anything
else; a test compares the two where the package is installed.
"""

from __future__ import annotations

import re

from serve_app.errors import InvalidRequest

ENGLISH: tuple[tuple[str, ...], ...] = (
    ("male", "female"),
    ("child", "teenager", "young adult", "middle-aged", "elderly"),
    ("very low pitch", "low pitch", "moderate pitch", "high pitch", "very high pitch"),
    ("whisper",),
    (
        *("american accent", "british accent", "australian accent", "canadian accent", "indian accent"),
        *("chinese accent", "japanese accent", "korean accent", "portuguese accent", "russian accent"),
    ),
)
CHINESE: tuple[tuple[str, ...], ...] = (
    ("男", "女"),
    ("儿童", "少年", "青年", "中年", "老年"),
    ("极低音调", "低音调", "中音调", "高音调", "极高音调"),
    ("耳语",),
    (
        *("河南话", "陕西话", "四川话", "贵州话", "云南话", "桂林话"),
        *("济南话", "石家庄话", "甘肃话", "宁夏话", "青岛话", "东北话"),
    ),
)
"""Gender, age, pitch, style, and where somebody comes from, in the same order. The first four say the same in
both; dialects are Chinese only and accents English only."""
CATEGORY = {word: index for words in (ENGLISH, CHINESE) for index, row in enumerate(words) for word in row}
"""A voice has one word of each category at most."""


def check_voice_design(instruct: str, *, field: str = "instruct") -> None:
    """Raises InvalidRequest, which names the words there are, for a description OmniVoice does not take."""
    words = [word for word in re.split(r"\s*[,，]\s*", instruct.strip().lower()) if word]
    if unknown := [word for word in words if word not in CATEGORY]:
        raise InvalidRequest(
            f"{field}: omnivoice does not know {unknown[0][:50]!r}; "
            f"it takes one of each kind: {_known_words()}."
        )
    categories = [CATEGORY[word] for word in words]
    if len(set(categories)) < len(categories):
        raise InvalidRequest(f"{field}: omnivoice takes one word of each kind: {_known_words()}.")


def _known_words() -> str:
    return "; ".join(" / ".join(row) for row in ENGLISH)
