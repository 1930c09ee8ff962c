"""Scores and feedback of a reading (RS-030..040, RS-055..058)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from serve_app.core.reading.word_alignment import Pair, Status

DISPLAY_MIN = 80.0
"""What a read without any correct word shows: pupils are encouraged (RS-034, RS-040)."""
TEXT_WEIGHT, PRONUNCIATION_WEIGHT = 0.7, 0.3
"""RS-033."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Tokens by what became of them (RS-055)."""

    correct: int
    missing: int
    extra: int
    substitution: int

    @property
    def distance(self) -> int:
        """Edit distance (RS-056)."""
        return self.missing + self.extra + self.substitution


@dataclass(frozen=True, slots=True)
class Marks:
    """Four percentages, rounded to two decimals."""

    overall: float
    text_accuracy: float
    pronunciation: float | None
    """None: unknown or too weak (RS-038)."""
    levenshtein_similarity: float


@dataclass(frozen=True, slots=True)
class Scores:
    """How well a text was read."""

    counts: Counts
    raw: Marks
    """0..100 (RS-036)."""
    display: Marks
    """80..100, as pupils see them (RS-034)."""
    average_confidence: float | None
    """0..1, to four decimals; also when it was too weak to count (RS-059)."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What to practise, in the order of the comparison (RS-057)."""

    missing_words: list[str]
    extra_words: list[str]
    substitutions: list[tuple[str, str]]
    """(expected, actual)."""


NOTHING_SAID = Marks(0.0, 0.0, 0.0, 0.0)
"""Raw and displayed where nobody spoke (RS-035)."""


def score(
    pairs: Sequence[Pair],
    reference_count: int,
    spoken_count: int,
    confidences: Sequence[float] | None,
    *,
    weak_below: float,
) -> Scores:
    """Score an alignment of `reference_count` tokens, at least one, with `spoken_count` of the attempt.

    `confidences` are those of the reference words, missing ones included; None or empty: nobody knows any.
    Each value is rounded before others are made of it (RS-037).
    """
    counts = count(pairs)
    longest = max(reference_count, spoken_count)
    accuracy = round(100 * counts.correct / reference_count, 2)
    similar = round(100 * (longest - counts.distance) / longest, 2)
    average = round(fmean(confidences), 4) if confidences else None
    pronunciation = None if average is None or average < weak_below else round(100 * average, 2)
    raw = Marks(_overall(accuracy, pronunciation), accuracy, pronunciation, similar)
    return Scores(counts, raw, _displayed(raw), average)


def count(pairs: Sequence[Pair]) -> Counts:
    """How many tokens of each status there are (RS-055)."""
    found = Counter(pair.status for pair in pairs)
    return Counts(
        *(found[status] for status in (Status.CORRECT, Status.MISSING, Status.EXTRA, Status.SUBSTITUTION))
    )


def display(raw: float) -> float:
    """A raw score, rounded, as pupils see it (RS-034, RS-037)."""
    return round(DISPLAY_MIN + min(max(raw, 0.0), 100.0) * 0.2, 2)


def focus_words(reference: Sequence[str], confidences: Sequence[float | None], *, below: float) -> list[str]:
    """Reference words that were said unclearly or not at all; none of which nothing is known (RS-058)."""
    told = zip(reference, confidences, strict=True)
    return [word for word, confidence in told if confidence is not None and confidence < below]


def feedback(reference: Sequence[str], spoken: Sequence[str], pairs: Sequence[Pair]) -> Feedback:
    """The words that were not read as written (RS-057)."""
    return Feedback(
        missing_words=[word for word, _ in _words(reference, spoken, pairs, Status.MISSING)],
        extra_words=[said for _, said in _words(reference, spoken, pairs, Status.EXTRA)],
        substitutions=list(_words(reference, spoken, pairs, Status.SUBSTITUTION)),
    )


def _words(
    reference: Sequence[str], spoken: Sequence[str], pairs: Sequence[Pair], status: Status
) -> Iterator[tuple[str, str]]:
    """(expected, actual) of one status; empty where there is none."""
    for pair in pairs:
        if pair.status is status:
            expected = "" if pair.reference is None else reference[pair.reference]
            yield expected, "" if pair.spoken is None else spoken[pair.spoken]


def _overall(accuracy: float, pronunciation: float | None) -> float:
    """RS-033."""
    if pronunciation is None:
        return accuracy
    return round(TEXT_WEIGHT * accuracy + PRONUNCIATION_WEIGHT * pronunciation, 2)


def _displayed(raw: Marks) -> Marks:
    shown = None if raw.pronunciation is None else display(raw.pronunciation)
    return Marks(display(raw.overall), display(raw.text_accuracy), shown, display(raw.levenshtein_similarity))
