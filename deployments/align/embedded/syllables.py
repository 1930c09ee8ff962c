"""What was heard of each syllable, beside what should have been."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from deployments.align.embedded.hearing import Said, melody_of
from deployments.align.embedded.ipa import IPA, TONE_NAMES
from deployments.align.embedded.tones import ToneModel
from deployments.thai_speech.acoustic import FRAME_SECONDS
from serve_app.engines import AlignedSyllable, AlignedWord, SpokenSyllable


def with_syllables(
    words: Sequence[AlignedWord], said: Sequence[Said], tones: ToneModel
) -> Iterator[AlignedWord]:
    """The words of one reading, each with its syllables."""
    melody = iter(tones.heard(*melody_of(said)))
    for word, one in zip(words, said, strict=True):
        heard = [next(melody) for _ in one.reading.tones]
        yield replace(word, syllables=tuple(_syllables(word, one, heard)))


def _syllables(word: AlignedWord, said: Said, tones: Sequence[int | None]) -> Iterator[AlignedSyllable]:
    """They divide the word between them; without sounds heard when it was passed over."""
    reading, edges = said.reading, _edges(word, said)
    spoken = said.units[-1].end > said.units[0].first
    places = pairwise([*reading.onsets, len(reading.sounds)])
    for number, (first, end) in enumerate(places):
        expected = spoken_syllable(reading.sounds[first:end], reading.tones[number])
        heard = spoken_syllable(said.heard[first:end], tones[number]) if spoken else None
        yield AlignedSyllable(edges[number], edges[number + 1], expected, heard)


def _edges(word: AlignedWord, said: Said) -> list[float]:
    """Seconds: where the first sound of each syllable begins, and the end of the word."""
    firsts = [said.units[place].first - said.units[0].first for place in said.reading.onsets]
    starts = [min(word.start + first * FRAME_SECONDS, word.end) for first in firsts]
    return [*(round(start, 3) for start in starts), word.end]


def spoken_syllable(labels: Sequence[int], tone: int | None) -> SpokenSyllable:
    """Labels of `readings.toneless` and tone 0..4 as callers read them."""
    return SpokenSyllable(tuple(IPA[label] for label in labels), None if tone is None else TONE_NAMES[tone])
