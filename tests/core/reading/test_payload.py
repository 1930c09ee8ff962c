"""The documented answers, to the digit: GT-01, GT-02, GT-03, JSON 4, RS-038, RS-051, RS-059, RS-070..073."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from serve_app.core.reading.attempt import Attempt
from serve_app.core.reading.parts import Pronunciation, Reference, Spoken, excerpt
from serve_app.core.reading.payload import score_payload
from serve_app.core.reading.rules import ReadingJob
from serve_app.engines import AlignedSyllable, AlignedWord, SpokenSyllable

TEXT = "สวัสดีครับ วันนี้เราจะเรียนภาษาไทย"
TOKENS = ["สวัสดีครับ", "วันนี้", "เรา", "จะ", "เรียน", "ภาษาไทย"]
ATTEMPT = ["สวัสดีครับ", "วันนี้", "เรียน", "ภาษาใจ"]
SAID = "สวัสดีครับ วันนี้ เรียน ภาษาใจ"
META = {
    "model": "scb10x/typhoon-asr-realtime",
    "device": "cuda",
    "speechRegionCount": 2,
    "silenceRemovedOnTyphoon": True,
}
TIMES = [(0.0, 0.34), (0.34, 0.62), (0.62, 0.84), (0.84, 1.0), (1.0, 1.55), (1.55, 1.93)]
CONFIDENCES = [0.82, 0.52, 0.33, 0.235, 0.52, 0.41]
SPOKEN = Spoken(
    f"{TEXT} {SAID}",
    [*TOKENS, *ATTEMPT],
    [*((at / 3, at / 3 + 0.3) for at in range(6)), (2.84, 3.2), (3.3, 3.6), None, (4.3, 4.96)],
    META,
)
"""The documented recording."""
FLUENCY = {
    "wordsPerMinute": 113.21,
    "correctWordsPerMinute": 84.91,
    "pauses": [],
    "pauseSeconds": 0.0,
    "speakingSeconds": 2.12,
}
"""Of the documented attempt, beside the documented keys: 4 words, 3 of them right, in 2.12 s. Its one silence
is beside a word whose time is unknown."""
WORSE = Attempt(6, 10, candidates=32, several=True, applied=True)
"""The attempt of the documented example, which is not the best one."""


def aligned(confidences: list[float]) -> Pronunciation:
    pairs = zip(TIMES, confidences, strict=True)
    return Pronunciation(tuple(AlignedWord(*times, confidence) for times, confidence in pairs))


def payload(attempt: Attempt = WORSE, said: Pronunciation = aligned(CONFIDENCES)) -> dict[str, Any]:
    order = ReadingJob("typhoon", True, TEXT, "student_001", "lesson_01")
    reference = Reference(TEXT, TOKENS)
    return score_payload(order.view(reference.source), reference, SPOKEN, attempt, said, 0.2, 0.5)


def test_the_documented_example() -> None:
    """GT-01, RS-030..037, RS-050..059, RS-070..073, RS-080, RS-085, RS-086, RS-090: JSON 4 with all words."""
    results = [
        (0, 0, "correct", "สวัสดีครับ", 0.82),
        (1, 1, "correct", "วันนี้", 0.52),
        (2, None, "missing", None, 0.33),
        (3, None, "missing", None, 0.235),
        (4, 2, "correct", "เรียน", 0.52),
        (5, 3, "substitution", "ภาษาใจ", 0.41),
    ]
    assert payload() == {
        "success": True,
        "assessment": {
            "passed": True,
            "status": "passed",
            "displayScoreMin": 80.0,
            "usedBestAttemptSelection": True,
        },
        "request": {
            "language": "th",
            "asrEngine": "typhoon",
            "studentId": "student_001",
            "lessonId": "lesson_01",
            "includePronunciation": True,
            "referenceSource": "referenceText",
        },
        "reference": {"text": TEXT, "normalizedText": TEXT, "tokens": TOKENS, "tokenCount": 6, "meta": {}},
        "student": {
            "transcript": SAID,
            "fullTranscript": f"{TEXT} {SAID}",
            "normalizedText": SAID,
            "tokens": ATTEMPT,
            "tokenCount": 4,
            "selectedAttempt": {
                "mode": "best_token_window",
                "applied": True,
                "candidateCount": 32,
                "multipleAttemptsDetected": True,
                "start": 2.84,
                "end": 4.96,
                "durationSeconds": 2.12,
                "tokenStartIndex": 6,
                "tokenEndIndex": 9,
                "hasTiming": True,
            },
            "meta": META,
        },
        "scores": {
            "overall": 89.83,
            "textAccuracy": 90.0,
            "pronunciation": 89.45,
            "levenshteinSimilarity": 90.0,
        },
        "comparison": {
            "correctTokenCount": 3,
            "referenceTokenCount": 6,
            "studentTokenCount": 4,
            "missingTokenCount": 2,
            "extraTokenCount": 0,
            "substitutionCount": 1,
            "wordResults": [
                {
                    "referenceIndex": index,
                    "studentIndex": student,
                    "status": status,
                    "referenceToken": TOKENS[index],
                    "studentToken": token,
                    "pronunciationConfidence": confidence,
                }
                for index, student, status, token, confidence in results
            ],
        },
        "feedback": {
            "pronunciationFocusWords": ["เรา", "จะ", "ภาษาไทย"],
            "missingWords": ["เรา", "จะ"],
            "extraWords": [],
            "substitutions": [{"expected": "ภาษาไทย", "actual": "ภาษาใจ"}],
        },
        "diagnostics": {
            "rawScores": {
                "overall": 49.17,
                "textAccuracy": 50.0,
                "pronunciation": 47.25,
                "levenshteinSimilarity": 50.0,
            }
        },
        "alignment": {
            "used": True,
            "averageConfidence": 0.4725,
            "words": [
                {
                    "index": index,
                    "word": TOKENS[index],
                    "start": TIMES[index][0],
                    "end": TIMES[index][1],
                    "confidence": confidence,
                }
                for index, confidence in enumerate(CONFIDENCES)
            ],
        },
        "fluency": FLUENCY,
    }


def test_a_perfect_read() -> None:
    """GT-02."""
    perfect = Attempt(0, 6, candidates=32, several=True, applied=True)
    found = payload(perfect, aligned([0.8733] * 6))
    shown = {"overall": 99.24, "textAccuracy": 100.0, "pronunciation": 97.47, "levenshteinSimilarity": 100.0}
    assert found["scores"] == shown
    assert found["diagnostics"]["rawScores"]["overall"] == 96.2


def test_no_pronunciation() -> None:
    """GT-03, RS-038."""
    found = payload(said=Pronunciation(reason="not_requested"))
    assert (found["scores"]["overall"], found["scores"]["pronunciation"]) == (90.0, None)
    raw = found["diagnostics"]["rawScores"]
    assert (raw["overall"], raw["pronunciation"]) == (50.0, None)
    assert found["alignment"]["used"] is False


EXPECTED = SpokenSyllable(("r", "a", "w"), "mid")
SYLLABLES = (
    AlignedSyllable(0.6204, 0.75, EXPECTED, SpokenSyllable(("l", "a", None), None)),
    AlignedSyllable(0.75, 0.84, EXPECTED, None),
)


def detailed(confidences: list[float]) -> Pronunciation:
    """Every word with the same syllables."""
    words = (replace(word, syllables=SYLLABLES) for word in aligned(confidences).words if word)
    return Pronunciation(tuple(words))


def test_words_to_practise_have_their_syllables() -> None:
    """RS-092, RS-058: what was expected and what was heard, for flagged words; others are as documented."""
    found, plain = payload(said=detailed(CONFIDENCES)), payload()
    words = found["alignment"]["words"]
    flagged = [word["word"] for word in words if "syllables" in word]
    assert flagged == found["feedback"]["pronunciationFocusWords"]
    expected = {"sounds": ["r", "a", "w"], "tone": "mid"}
    assert words[2].pop("syllables") == [
        {
            "start": 0.62,
            "end": 0.75,
            "expected": expected,
            "heard": {"sounds": ["l", "a", None], "tone": None},
        },
        {"start": 0.75, "end": 0.84, "expected": expected, "heard": None},
    ]
    for word in words:
        word.pop("syllables", None)
    assert found == plain


def test_syllables_are_not_told_where_confidences_are_not_used() -> None:
    """RS-092, RS-039: of a reading that was too weak to judge nothing is said in detail."""
    alignment = payload(said=detailed([0.19] * 6))["alignment"]
    assert alignment["used"] is False
    assert not any("syllables" in word for word in alignment["words"])


@pytest.mark.parametrize(
    ("skipped", "length", "part"),
    [(0, 2, "กข"), (1, 3, "ข  คง"), (2, 9, "คง"), (1, 0, ""), (9, 2, "")],
)
def test_excerpts(skipped: int, length: int, part: str) -> None:
    """RS-070: a part of a text with the spaces that are inside of it."""
    assert excerpt(" กข  คง ", skipped, length) == part
