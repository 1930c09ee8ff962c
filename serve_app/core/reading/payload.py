"""The complete answer to a reading (JSON 4), and to a recording in which nobody speaks (JSON 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from serve_app.core.reading.attempt import Attempt
from serve_app.core.reading.fluency import fluency
from serve_app.core.reading.parts import Json, Pronunciation, Reference, Spoken, shown
from serve_app.core.reading.score import (
    DISPLAY_MIN,
    NOTHING_SAID,
    Counts,
    Feedback,
    Marks,
    feedback,
    focus_words,
    score,
)
from serve_app.core.reading.word_alignment import Pair, align

NO_SPEECH = {
    "mode": "no_speech_detected",
    "applied": False,
    "candidateCount": 0,
    "multipleAttemptsDetected": False,
    **dict.fromkeys(("start", "end", "durationSeconds", "tokenStartIndex", "tokenEndIndex")),
    "hasTiming": False,
}
"""`student.selectedAttempt` where nobody speaks (RS-072)."""


def score_payload(
    request: Json,
    reference: Reference,
    spoken: Spoken,
    attempt: Attempt,
    said: Pronunciation,
    weak_below: float,
    focus_below: float,
) -> Json:
    """JSON 4. The mean is over the words that the aligner can read; when it is too weak, confidences are told
    and not used (RS-038, RS-039)."""
    tokens = spoken.tokens[attempt.start : attempt.end]
    pairs = align(reference.spoken, tokens)
    read = [confidence for confidence in said.confidences if confidence is not None]
    scores = score(pairs, len(reference.tokens), len(tokens), read or None, weak_below=weak_below)
    reason = "" if scores.raw.pronunciation is not None else _unused(said, scores.average_confidence)
    trusted = [None] * len(reference.tokens) if reason else said.confidences
    focus = focus_words(reference.tokens, trusted, below=focus_below)
    return {
        "success": True,
        "assessment": _assessment("passed", DISPLAY_MIN, attempt.applied),
        "request": request,
        "reference": reference.view(),
        "student": spoken.view(attempt),
        "scores": _marks(scores.display),
        "comparison": _comparison(scores.counts, reference.tokens, tokens, pairs, trusted),
        "feedback": _feedback(feedback(reference.tokens, tokens, pairs), focus),
        "diagnostics": {"rawScores": _marks(scores.raw)},
        "alignment": said.view(reference.tokens, scores.average_confidence, reason, focus_below),
        "fluency": fluency(spoken.times[attempt.start : attempt.end], scores.counts.correct),
    }


def _unused(said: Pronunciation, average: float | None) -> str:
    """Why there is no score for pronunciation."""
    return said.reason or ("words_unreadable" if average is None else "confidence_too_low")


def no_speech_payload(request: Json, reference: Reference, meta: Mapping[str, Any]) -> Json:
    """JSON 5 (RS-081)."""
    pairs = align(reference.tokens, ())
    nothing = score(pairs, len(reference.tokens), 0, None, weak_below=0.0)
    unknown = [None] * len(reference.tokens)
    silence = Spoken("", (), (), {"noSpeechDetected": True, **meta})
    student = {**silence.view(Attempt(0, 0, 0, several=False, applied=False)), "selectedAttempt": NO_SPEECH}
    return {
        "success": True,
        "assessment": _assessment("no_speech", 0.0, used=False),
        "request": request,
        "reference": reference.view(),
        "student": student,
        "scores": _marks(NOTHING_SAID),
        "comparison": _comparison(nothing.counts, reference.tokens, (), pairs, unknown),
        "feedback": _feedback(feedback(reference.tokens, (), pairs), []),
        "diagnostics": {"rawScores": _marks(NOTHING_SAID)},
        "alignment": Pronunciation().view((), None, "no_speech_detected"),
    }


def _assessment(status: str, lowest: float, used: bool) -> Json:
    """RS-080."""
    passed = status == "passed"
    return {"passed": passed, "status": status, "displayScoreMin": lowest, "usedBestAttemptSelection": used}


def _marks(marks: Marks) -> Json:
    return {
        "overall": marks.overall,
        "textAccuracy": marks.text_accuracy,
        "pronunciation": marks.pronunciation,
        "levenshteinSimilarity": marks.levenshtein_similarity,
    }


def _comparison(
    counts: Counts,
    reference: Sequence[str],
    spoken: Sequence[str],
    pairs: Sequence[Pair],
    confidences: Sequence[float | None],
) -> Json:
    """RS-050..055."""
    return {
        "correctTokenCount": counts.correct,
        "referenceTokenCount": len(reference),
        "studentTokenCount": len(spoken),
        "missingTokenCount": counts.missing,
        "extraTokenCount": counts.extra,
        "substitutionCount": counts.substitution,
        "wordResults": [_result(pair, reference, spoken, confidences) for pair in pairs],
    }


def _result(
    pair: Pair, reference: Sequence[str], spoken: Sequence[str], confidences: Sequence[float | None]
) -> Json:
    expected, actual = pair.reference, pair.spoken
    return {
        "referenceIndex": expected,
        "studentIndex": actual,
        "status": pair.status.value,
        "referenceToken": None if expected is None else reference[expected],
        "studentToken": None if actual is None else spoken[actual],
        "pronunciationConfidence": None if expected is None else shown(confidences[expected]),
    }


def _feedback(told: Feedback, focus: list[str]) -> Json:
    """RS-057, RS-058."""
    substitutions = [{"expected": expected, "actual": actual} for expected, actual in told.substitutions]
    return {
        "pronunciationFocusWords": focus,
        "missingWords": told.missing_words,
        "extraWords": told.extra_words,
        "substitutions": substitutions,
    }
