"""English for the neural voice: hibari's own reading, a port of misaki."""

from __future__ import annotations

from functools import cache
from typing import Any

from deployments.tts.embedded.neural.syllables import Utterance


def utterance(text: str) -> Utterance:
    """One string of phonemes with its punctuation."""
    return [phonemes(text)]


def phonemes(text: str) -> str:
    """Numbers, signs and abbreviations in words; unknown words by a network for spelling."""
    return str(_reading()(text))


@cache
def _reading() -> Any:
    from hibari.g2p import G2P

    return G2P()
