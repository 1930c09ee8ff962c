"""The words of a scored reading as a report shows them, each with its place in the recording (RS-091)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from serve_app.core.reading.parts import Span
from serve_app.core.reading.word_alignment import Status


@dataclass(frozen=True, slots=True)
class ShownWord:
    """One entry of `comparison.wordResults`."""

    text: str
    """Of the reference; of an extra word, what was said."""
    status: Status
    said: str
    """What was said instead of a substituted word; else empty."""
    confidence: float | None
    sureness: str
    """`weak`, `fair` or `sure`; empty where there is no confidence, or no word."""
    span: Span | None
    """When it was said, from the start of the recording; None where nobody knows, or nothing was said."""
    syllables: Sequence[Mapping[str, Any]] = ()
    """What an aligner heard of a word with little confidence."""

    @property
    def to_practise(self) -> bool:
        """Whether a pupil should read it again."""
        return self.status in (Status.MISSING, Status.SUBSTITUTION) or self.sureness == "weak"


def shown_words(payload: Mapping[str, Any], focus_below: float) -> list[ShownWord]:
    """All words of JSON 4 or JSON 5, in order. Below `focus_below` a confidence is weak."""
    alignment = payload["alignment"]
    aligned = {word["index"]: word for word in alignment["words"]} if alignment["used"] else {}
    began = payload["student"]["selectedAttempt"]["start"] or 0.0
    return [
        _shown(result, aligned.get(result["referenceIndex"], {}), began, focus_below)
        for result in payload["comparison"]["wordResults"]
    ]


def _shown(
    result: Mapping[str, Any], aligned: Mapping[str, Any], began: float, focus_below: float
) -> ShownWord:
    status = Status(result["status"])
    said = status in (Status.CORRECT, Status.SUBSTITUTION)
    timed = said and aligned.get("start") is not None
    return ShownWord(
        text=result["referenceToken"] if status is not Status.EXTRA else result["studentToken"],
        status=status,
        said=result["studentToken"] if status is Status.SUBSTITUTION else "",
        confidence=result["pronunciationConfidence"],
        sureness=_sureness(result["pronunciationConfidence"], focus_below) if said else "",
        span=(round(began + aligned["start"], 3), round(began + aligned["end"], 3)) if timed else None,
        syllables=aligned.get("syllables", ()),
    )


def _sureness(confidence: float | None, focus_below: float) -> str:
    """Fair reaches half of the way from weak to certain."""
    if confidence is None:
        return ""
    if confidence < focus_below:
        return "weak"
    return "fair" if confidence < (1 + focus_below) / 2 else "sure"
