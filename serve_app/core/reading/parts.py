"""The parts of a reading, and each as callers read it: text, speech, pronunciation (JSON 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from serve_app.core.reading.attempt import Attempt
from serve_app.core.reading.tokens import normalized, spoken_form, spoken_tokens
from serve_app.engines import AlignedSyllable, AlignedWord, SpokenSyllable

Json = dict[str, Any]
Span = tuple[float, float]
"""Start and end in seconds."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What should be read."""

    text: str
    tokens: Sequence[str]
    """As they are written."""
    source: str = "referenceText"
    """Or `referenceAudio` (RS-085)."""
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def spoken(self) -> list[str]:
        """What is said for each token, which is what scores compare (RS-093)."""
        return spoken_tokens(self.text, self.tokens)

    @property
    def sent_as(self) -> str:
        """The form field that it came by."""
        return "reference_text" if self.source == "referenceText" else "reference_audio"

    def view(self) -> Json:
        """RS-086."""
        return {
            "text": self.text,
            "normalizedText": normalized(self.text),
            "tokens": list(self.tokens),
            "tokenCount": len(self.tokens),
            "meta": dict(self.meta),
        }


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was read, the whole recording."""

    text: str
    tokens: Sequence[str]
    times: Sequence[Span | None]
    """Of each token, from the start of the recording; None where nobody knows."""
    meta: Mapping[str, Any]

    def span(self, attempt: Attempt) -> Span | None:
        """When an attempt was made (RS-077)."""
        known = [time for time in self.times[attempt.start : attempt.end] if time]
        return (known[0][0], known[-1][1]) if known else None

    def view(self, attempt: Attempt) -> Json:
        """RS-070."""
        tokens = list(self.tokens[attempt.start : attempt.end])
        chosen = excerpt(
            spoken_form(self.text), len("".join(self.tokens[: attempt.start])), len("".join(tokens))
        )
        return {
            "transcript": chosen if attempt.applied else self.text,
            "fullTranscript": self.text,
            "normalizedText": chosen,
            "tokens": tokens,
            "tokenCount": len(tokens),
            "selectedAttempt": _selected(attempt, self.span(attempt)),
            "meta": dict(self.meta),
        }


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """How well the words of the reference were said; or why that is not known."""

    words: tuple[AlignedWord | None, ...] = ()
    """One for each token of the reference; None for one that the aligner cannot read."""
    reason: str = ""

    @property
    def confidences(self) -> list[float | None]:
        """Of each word."""
        return [word.confidence if word else None for word in self.words]

    def view(
        self, tokens: Sequence[str], average: float | None, reason: str, focus_below: float = 0.0
    ) -> Json:
        """RS-059, RS-092; a `reason` is told where confidences are not used. Words with a lower confidence
        than `focus_below` have their syllables, unless confidences are not used."""
        told = {"meta": {"reason": reason}} if reason else {}
        below = 0.0 if reason else focus_below
        words = [_aligned(index, tokens[index], word, below) for index, word in enumerate(self.words)]
        return {"used": not reason, "averageConfidence": average, "words": words, **told}


def excerpt(text: str, skipped: int, length: int) -> str:
    """A part of a text, counted in characters without white space; that inside of the part is kept."""
    places = [place for place, character in enumerate(text) if not character.isspace()]
    chosen = places[skipped : skipped + length]
    return text[chosen[0] : chosen[-1] + 1] if chosen else ""


def _selected(attempt: Attempt, span: Span | None) -> Json:
    """RS-071..077."""
    start, end = (round(span[0], 3), round(span[1], 3)) if span else (None, None)
    empty = attempt.start == attempt.end
    return {
        "mode": "best_token_window" if attempt.applied else "full_transcript",
        "applied": attempt.applied,
        "candidateCount": attempt.candidates,
        "multipleAttemptsDetected": attempt.several,
        "start": start,
        "end": end,
        "durationSeconds": round(span[1] - span[0], 3) if span else None,
        "tokenStartIndex": None if empty else attempt.start,
        "tokenEndIndex": None if empty else attempt.end - 1,
        "hasTiming": span is not None,
    }


def _aligned(index: int, token: str, word: AlignedWord | None, focus_below: float) -> Json:
    start, end = (round(word.start, 3), round(word.end, 3)) if word else (None, None)
    confidence = shown(word.confidence if word else None)
    view = {"index": index, "word": token, "start": start, "end": end, "confidence": confidence}
    if word and word.syllables and word.confidence < focus_below:
        view["syllables"] = [_syllable(syllable) for syllable in word.syllables]
    return view


def _syllable(syllable: AlignedSyllable) -> Json:
    return {
        "start": round(syllable.start, 3),
        "end": round(syllable.end, 3),
        "expected": _sounds(syllable.expected),
        "heard": _sounds(syllable.heard) if syllable.heard else None,
    }


def _sounds(syllable: SpokenSyllable) -> Json:
    return {"sounds": list(syllable.sounds), "tone": syllable.tone}


def shown(confidence: float | None) -> float | None:
    """A confidence as callers read it."""
    return None if confidence is None else round(confidence, 4)
