"""How often what an aligner says was heard is what was really said: mispronunciation diagnosis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from deployments.align.embedded.calibration import Calibration
from deployments.align.embedded.hearing import Said, evidence
from deployments.align.embedded.pronunciations import reading_of
from deployments.align.embedded.syllables import spoken_syllable, with_syllables
from deployments.thai_speech.phonemes import Syllable
from serve_app.engines import AlignedSyllable, AlignedWord
from serve_app.settings import Settings
from training.thai_speech.mispronunciations import Misread
from training.thai_speech.spoken_sentences import CONDITIONS

FOCUS_BELOW: float = Settings.model_fields["reading_focus_below"].default


class Diagnosis(NamedTuple):
    """One sound or tone of a syllable."""

    kind: str
    """`consonant`, `vowel`, `final` or `tone`."""
    condition: str
    flagged: bool
    """Whether callers are shown it: the word has a low confidence."""
    expected: str | None
    said: str | None
    heard: str | None

    @property
    def group(self) -> tuple[str, str, bool]:
        """What is counted together; the last says whether it was said right."""
        return self.kind, self.condition, self.said == self.expected


def report_diagnoses(sentences: Sequence[tuple[Misread, list[Said]]], fitted: Calibration) -> None:
    """Wrong sounds and tones that are named, right ones that are mistaken; of all, and in flagged words."""
    found = [one for misread, said in sentences for one in diagnoses(misread, said, fitted)]
    for right, title in ((False, "said wrong and named"), (True, "said right and mistaken")):
        print(f"{title} / flagged words only")
        for kind in ("tone", "consonant", "vowel", "final"):
            cells = [f"{condition} {_cell(found, (kind, condition, right))}" for condition in CONDITIONS]
            print(f"{kind:10}", "  ".join(cells))


def _cell(found: Sequence[Diagnosis], group: tuple[str, str, bool]) -> str:
    """Counts of all words and of flagged ones."""
    counted = Counter((one.flagged, one.heard == one.said) for one in found if one.group == group)
    hit = not group[-1]
    shown, named = counted[True, True] + counted[True, False], counted[True, hit]
    return f"{named + counted[False, hit]}/{counted.total()} {named}/{shown}"


def diagnoses(misread: Misread, said: Sequence[Said], fitted: Calibration) -> Iterator[Diagnosis]:
    """Of all words that were found and have as many syllables as written; other words are left out."""
    words = [AlignedWord(0.0, 0.0, fitted.confidence(one)) for one in evidence(said, fitted.tones)]
    detailed = with_syllables(words, said, fitted.tones)
    for word, spoken, text in zip(detailed, misread.spoken, misread.text, strict=True):
        if len(spoken) != len(text) or (misread.mistake == "word" and spoken != text):
            continue
        for syllable, real in zip(word.syllables, spoken, strict=True):
            for parts in _parts(syllable, real):
                yield Diagnosis(parts[0], misread.condition, word.confidence < FOCUS_BELOW, *parts[1:])


def _parts(
    syllable: AlignedSyllable, real: Syllable
) -> Iterator[tuple[str, str | None, str | None, str | None]]:
    """Kind, expected, said and heard; a tone only where there was a voice."""
    said = spoken_syllable(reading_of((real,)).sounds, real.tone)
    if syllable.heard is None:
        return
    kinds = (*["consonant"] * len(real.onset), "vowel", "final")
    yield from zip_longest(
        kinds[: len(syllable.expected.sounds)], syllable.expected.sounds, said.sounds, syllable.heard.sounds
    )
    if syllable.heard.tone:
        yield "tone", syllable.expected.tone, said.tone, syllable.heard.tone
