"""How well the words of a text were said, as far as an aligner can tell (RS-032, RS-038, RS-059)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from serve_app.backends import Backends
from serve_app.core.audio.pcm import Pcm16, as_float
from serve_app.core.reading.parts import Pronunciation
from serve_app.engines import ALIGN, SAMPLE_RATE, AlignedWord, Alignment
from serve_app.errors import AlignmentFailed, EngineUnavailable

MARGIN_S = 0.2
"""Recognisers place words to a tenth of a second or so; an aligner passes over what is not of its text."""


async def pronunciation(
    backends: Backends, samples: Pcm16, span: tuple[float, float] | None, words: Sequence[str]
) -> Pronunciation:
    """Find the words in a part of a recording, or in all of it. Times count from the start of the part.

    Without an aligner that answers there is a reason instead: the words are scored all the same.
    """
    start, end = span or (0.0, len(samples) / SAMPLE_RATE)
    first = max(0, round((start - MARGIN_S) * SAMPLE_RATE))
    audio = as_float(samples[first : round((end + MARGIN_S) * SAMPLE_RATE)])
    try:
        aligner = await backends.models.find(ALIGN, backends.settings.reading_aligner)
        found = await aligner.align(audio, words)
    except EngineUnavailable:
        return Pronunciation(reason="aligner_unavailable")
    except AlignmentFailed:
        return Pronunciation(reason="alignment_failed")
    return Pronunciation(_shifted(found, first / SAMPLE_RATE - start))


def _shifted(found: Alignment, seconds: float) -> tuple[AlignedWord | None, ...]:
    return tuple(word and _later(word, seconds) for word in found.words)


def _later(word: AlignedWord, seconds: float) -> AlignedWord:
    """The word and its syllables, none before the start."""
    syllables = [
        replace(one, start=max(0.0, one.start + seconds), end=max(0.0, one.end + seconds))
        for one in word.syllables
    ]
    start, end = max(0.0, word.start + seconds), max(0.0, word.end + seconds)
    return replace(word, start=start, end=end, syllables=tuple(syllables))
