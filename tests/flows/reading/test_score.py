"""From a recording to a payload: RS-003, RS-020..086, GT-01, GT-03, GT-04, QUO-005, QUO-010, JSON 4 and 5."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serve_app.backends import Backends
from serve_app.core.reading.tokens import tokens_of
from serve_app.engines import Progress, Word
from serve_app.errors import (
    AlignmentFailed,
    AudioTooLong,
    DecodeFailed,
    EngineUnavailable,
    InvalidAudio,
    InvalidRequest,
    NotFound,
)
from serve_app.flows.reading import score as reading_score
from serve_app.flows.reading.score import KIND
from tests.fakes import ManualClock, ScriptedDetector, ScriptedModels, open_backends
from tests.flows.captions.scripted_speech import RATE, STEP, audio
from tests.flows.reading.orders import (
    CONFIDENCES,
    TEAM,
    TEXT,
    TOKENS,
    EvenAligner,
    Pupil,
    assess,
    said,
    wav_of,
)
from tests.recordings import encode, holed, tone

MISTAKEN = "สวัสดีครับ วันนี้ เรียน ภาษาใจ"
PERFECT = "สวัสดีครับ วันนี้ เรา จะ เรียน ภาษาไทย"
MARK_S = STEP / RATE
"""How exactly the scripted audio tells its position."""
SILENCE = wav_of(np.zeros(16_000, np.int16))


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Backends]:
    async with open_backends(tmp_path, reading_max_audio_s=20.0) as backends:
        yield backends


@pytest.fixture
def one_token_greeting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The documented example's tokens, which no dictionary gives."""
    documented = {TEXT: TOKENS}
    monkeypatch.setattr(reading_score, "tokens_of", lambda text: documented.get(text) or tokens_of(text))


def pupil(opened: Backends, script: list[Word], aligner: EvenAligner | None = None) -> Pupil:
    assert isinstance(opened.clock, ManualClock)
    return Pupil(script, opened.clock, aligner)


async def payload(
    opened: Backends, script: list[Word], aligner: EvenAligner | None = None, **order: Any
) -> dict[str, Any]:
    reader = pupil(opened, script, aligner)
    return dict(await assess(reader.heard_by(opened), reader.wav, **order))


async def test_damaged_recordings(opened: Backends) -> None:
    """VP-006: the words that can be decoded are scored, and each `meta` tells of its own recording."""
    reader = pupil(opened, said(PERFECT))
    damaged = holed(encode("m4a with alac", audio(0, reader.seconds), RATE), 0.01)
    told = await assess(reader.heard_by(opened), damaged, reference_text="", reference_audio=reader.wav)
    assert told["student"]["meta"]["damage"]["at"] == pytest.approx(6.0, abs=0.5)
    assert told["student"]["meta"]["damage"]["seconds"] > 0
    assert "damage" not in told["reference"]["meta"]


async def test_damage_where_nobody_speaks(opened: Backends) -> None:
    """VP-006, RS-081: the pupil may have spoken where it is."""
    silence = holed(encode("m4a with alac", tone(8.0, rate=RATE, level=0.0005), RATE), 0.1)
    told = await assess(pupil(opened, []).heard_by(opened), silence)
    assert told["assessment"]["status"] == "no_speech"
    assert told["student"]["meta"]["damage"]["seconds"] > 0


GOLDEN = {
    "success": True,
    "assessment": {
        "passed": True,
        "status": "passed",
        "displayScoreMin": 80.0,
        "usedBestAttemptSelection": False,
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
        "transcript": MISTAKEN,
        "fullTranscript": MISTAKEN,
        "normalizedText": MISTAKEN,
        "tokens": ["สวัสดีครับ", "วันนี้", "เรียน", "ภาษาใจ"],
        "tokenCount": 4,
        "selectedAttempt": {
            "mode": "full_transcript",
            "applied": False,
            "candidateCount": 3,
            "multipleAttemptsDetected": False,
            "start": pytest.approx(1.0, abs=MARK_S),
            "end": pytest.approx(4.4, abs=MARK_S),
            "durationSeconds": 3.4,
            "tokenStartIndex": 0,
            "tokenEndIndex": 3,
            "hasTiming": True,
        },
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
                "referenceToken": token,
                "studentToken": spoken,
                "pronunciationConfidence": confidence,
            }
            for index, (student, status, token, spoken, confidence) in enumerate(
                [
                    (0, "correct", "สวัสดีครับ", "สวัสดีครับ", 0.82),
                    (1, "correct", "วันนี้", "วันนี้", 0.52),
                    (None, "missing", "เรา", None, 0.33),
                    (None, "missing", "จะ", None, 0.235),
                    (2, "correct", "เรียน", "เรียน", 0.52),
                    (3, "substitution", "ภาษาไทย", "ภาษาใจ", 0.41),
                ]
            )
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
                "start": pytest.approx(index / 10, abs=MARK_S),
                "end": pytest.approx((index + 1) / 10, abs=MARK_S),
                "confidence": confidence,
            }
            for index, confidence in enumerate(CONFIDENCES)
        ],
    },
}
"""The documented example's scores (GT-01), with its worse attempt alone in the recording."""


@pytest.mark.usefixtures("one_token_greeting")
async def test_a_recording_becomes_a_payload(opened: Backends) -> None:
    """GT-01, RS-030..037, RS-050..059, RS-070..073, RS-080, RS-083, RS-085, RS-086, RS-090: JSON 4 to the
    digit."""
    aligner = EvenAligner(CONFIDENCES)
    seen: list[Progress] = []
    ids = {"student_id": "student_001", "lesson_id": "lesson_01"}
    found = await payload(opened, said(MISTAKEN), aligner, seen=seen, **ids)
    meta, fluency = found["student"].pop("meta"), found.pop("fluency")
    assert found == GOLDEN
    assert fluency["wordsPerMinute"] == pytest.approx(60 * 4 / 3.4, abs=MARK_S * 60)
    assert [pause["seconds"] for pause in fluency["pauses"]] == pytest.approx([0.6] * 3, abs=MARK_S)
    assert (meta["model"], meta["engine_impl"], meta["embedded"]) == ("scripted", "scripted", True)
    assert meta["device"] == "cpu"
    assert (meta["audioDuration"], meta["voiceActivityDetected"]) == (12.0, True)
    assert aligner.asked == [(0.8, 3.8, TOKENS)]
    assert [progress.stage for progress in seen] == ["transcription", "alignment"]


@pytest.mark.parametrize("written", ["ลดราคา 50% วันนี้", "ลดราคา ๕๐ เปอร์เซ็นต์ วันนี้", "ลดราคา ห้าสิบเปอร์เซ็นต์ วันนี้"])
@pytest.mark.parametrize("heard", ["ลดราคา ห้าสิบ เปอร์เซ็นต์ วันนี้", "ลดราคา 50% วันนี้", "ลดราคา 50 เปอร์เซ็นต์ วันนี้"])
async def test_a_right_reading_is_right_however_it_is_written(
    opened: Backends, written: str, heard: str
) -> None:
    """RS-093: by the text, by the recogniser; the report shows the text as it was written."""
    found = await payload(opened, said(heard), reference_text=written)
    assert found["diagnostics"]["rawScores"]["levenshteinSimilarity"] == 100.0
    assert found["feedback"]["substitutions"] == found["feedback"]["extraWords"] == []
    assert found["reference"]["text"] == written
    told = [word["referenceToken"] for word in found["comparison"]["wordResults"]]
    assert told == found["reference"]["tokens"]
    assert ("50%" in told) == ("50%" in written)


async def test_engines_are_told_what_is_said(opened: Backends) -> None:
    """RS-093: no aligner can read digits; a word that is missing is shown as it is written."""
    aligner = EvenAligner([0.9] * 3)
    found = await payload(opened, said("ลด ราคา วันนี้"), aligner, reference_text="ลดราคา 50% วันนี้")
    assert aligner.asked[0][2] == ["ลดราคา", "ห้าสิบเปอร์เซ็นต์", "วันนี้"]
    assert found["feedback"]["missingWords"] == ["50%"]
    assert [word["word"] for word in found["alignment"]["words"]] == ["ลดราคา", "50%", "วันนี้"]


@pytest.mark.usefixtures("one_token_greeting")
async def test_without_pronunciation(opened: Backends) -> None:
    """GT-03, RS-033, RS-038, RS-058: null where it was not asked for, and the aligner is left alone."""
    aligner = EvenAligner(CONFIDENCES)
    found = await payload(opened, said(MISTAKEN), aligner, include_pronunciation=False)
    assert aligner.asked == []
    assert (found["scores"]["overall"], found["scores"]["pronunciation"]) == (90.0, None)
    raw = found["diagnostics"]["rawScores"]
    assert (raw["overall"], raw["pronunciation"]) == (50.0, None)
    unused = {"used": False, "averageConfidence": None, "words": [], "meta": {"reason": "not_requested"}}
    assert found["alignment"] == unused
    assert found["request"]["includePronunciation"] is False
    results = found["comparison"]["wordResults"]
    assert {result["pronunciationConfidence"] for result in results} == {None}
    assert found["feedback"]["pronunciationFocusWords"] == []


@pytest.mark.parametrize(
    ("aligner", "reason"),
    [
        (None, "aligner_unavailable"),
        (EvenAligner((), EngineUnavailable()), "aligner_unavailable"),
        (EvenAligner((), AlignmentFailed()), "alignment_failed"),
        (EvenAligner([None] * 6), "words_unreadable"),
    ],
)
@pytest.mark.usefixtures("one_token_greeting")
async def test_no_confidences(opened: Backends, aligner: EvenAligner | None, reason: str) -> None:
    """RS-038: the other scores are shown all the same, and why this one is not."""
    found = await payload(opened, said(MISTAKEN), aligner)
    assert (found["scores"]["overall"], found["scores"]["pronunciation"]) == (90.0, None)
    alignment = found["alignment"]
    assert (alignment["used"], alignment["averageConfidence"]) == (False, None)
    assert alignment["meta"] == {"reason": reason}


@pytest.mark.usefixtures("one_token_greeting")
async def test_weak_confidences(opened: Backends) -> None:
    """RS-038, RS-039: below 0.2 on average they are told, and nothing is made of them."""
    found = await payload(opened, said(MISTAKEN), EvenAligner([0.19] * 6))
    assert found["scores"]["pronunciation"] is None
    alignment = found["alignment"]
    assert (alignment["used"], alignment["averageConfidence"], len(alignment["words"])) == (False, 0.19, 6)
    assert alignment["meta"] == {"reason": "confidence_too_low"}
    assert found["feedback"]["pronunciationFocusWords"] == []
    assert (await payload(opened, said(MISTAKEN), EvenAligner([0.2] * 6)))["alignment"]["used"] is True


@pytest.mark.usefixtures("one_token_greeting")
async def test_a_word_that_the_aligner_cannot_read(opened: Backends) -> None:
    """RS-058, RS-059: it is listed without a confidence, is not flagged, and is not in the mean."""
    found = await payload(opened, said(MISTAKEN), EvenAligner([0.4, None, 0.4, 0.4, 0.4, 0.4]))
    assert found["alignment"]["averageConfidence"] == 0.4
    unread = {"index": 1, "word": "วันนี้", "start": None, "end": None, "confidence": None}
    assert found["alignment"]["words"][1] == unread
    assert "วันนี้" not in found["feedback"]["pronunciationFocusWords"]
    assert found["comparison"]["wordResults"][1]["pronunciationConfidence"] is None


@pytest.mark.parametrize("perfect_first", [True, False])
@pytest.mark.usefixtures("one_token_greeting")
async def test_the_best_attempt_is_scored(opened: Backends, perfect_first: bool) -> None:
    """RS-070..076: the better of two, with its own words, times and audio, whatever the order."""
    attempts = [PERFECT, MISTAKEN] if perfect_first else [MISTAKEN, PERFECT]
    aligner = EvenAligner(CONFIDENCES)
    found = await payload(opened, said(" ".join(attempts)), aligner)
    student, begun = found["student"], 1.0 if perfect_first else 5.0
    assert found["assessment"]["usedBestAttemptSelection"] is True
    assert (student["fullTranscript"], student["tokens"]) == (" ".join(attempts), TOKENS)
    assert student["transcript"] == student["normalizedText"] == PERFECT
    selected = student["selectedAttempt"]
    assert (selected["mode"], selected["applied"]) == ("best_token_window", True)
    assert selected["multipleAttemptsDetected"] is True
    assert selected["tokenEndIndex"] - selected["tokenStartIndex"] == 5
    assert (selected["tokenStartIndex"] == 0) is perfect_first
    times = [selected["start"], selected["end"], selected["durationSeconds"]]
    assert times == pytest.approx([begun, begun + 5.4, 5.4], abs=MARK_S)
    assert aligner.asked == [(pytest.approx(begun - 0.2, abs=0.1), 5.8, TOKENS)]
    assert found["scores"]["textAccuracy"] == 100.0
    assert {result["status"] for result in found["comparison"]["wordResults"]} == {"correct"}


async def test_silence(opened: Backends) -> None:
    """GT-04, RS-035, RS-072, RS-081, RS-083: JSON 5 exactly, but for the name of the detector."""
    reader = pupil(opened, [])
    backends = replace(reader.heard_by(opened), new_detector=ScriptedDetector)
    found = await assess(backends, SILENCE, reference_text="สวัสดีครับ")
    nothing = {"overall": 0.0, "textAccuracy": 0.0, "pronunciation": 0.0, "levenshteinSimilarity": 0.0}
    selected = ("start", "end", "durationSeconds", "tokenStartIndex", "tokenEndIndex")
    missing = {"studentIndex": None, "status": "missing", "studentToken": None}
    assert found == {
        "success": True,
        "assessment": {
            "passed": False,
            "status": "no_speech",
            "displayScoreMin": 0.0,
            "usedBestAttemptSelection": False,
        },
        "request": {
            "language": "th",
            "asrEngine": "typhoon",
            "studentId": None,
            "lessonId": None,
            "includePronunciation": True,
            "referenceSource": "referenceText",
        },
        "reference": {
            "text": "สวัสดีครับ",
            "normalizedText": "สวัสดีครับ",
            "tokens": ["สวัสดี", "ครับ"],
            "tokenCount": 2,
            "meta": {},
        },
        "student": {
            "transcript": "",
            "fullTranscript": "",
            "normalizedText": "",
            "tokens": [],
            "tokenCount": 0,
            "selectedAttempt": {
                "mode": "no_speech_detected",
                "applied": False,
                "candidateCount": 0,
                "multipleAttemptsDetected": False,
                **dict.fromkeys(selected),
                "hasTiming": False,
            },
            "meta": {
                "noSpeechDetected": True,
                "speechRegionCount": 0,
                "audioDuration": 1.0,
                "voiceActivityChecked": True,
                "voiceActivityDetected": False,
                "voiceActivityDuration": 0.0,
                "voiceActivityDetector": "scripted",
            },
        },
        "scores": nothing,
        "comparison": {
            "correctTokenCount": 0,
            "referenceTokenCount": 2,
            "studentTokenCount": 0,
            "missingTokenCount": 2,
            "extraTokenCount": 0,
            "substitutionCount": 0,
            "wordResults": [
                {"referenceIndex": index, "referenceToken": token, "pronunciationConfidence": None, **missing}
                for index, token in enumerate(["สวัสดี", "ครับ"])
            ],
        },
        "feedback": {
            "pronunciationFocusWords": [],
            "missingWords": ["สวัสดี", "ครับ"],
            "extraWords": [],
            "substitutions": [],
        },
        "diagnostics": {"rawScores": nothing},
        "alignment": {
            "used": False,
            "averageConfidence": None,
            "words": [],
            "meta": {"reason": "no_speech_detected"},
        },
    }


async def test_voice_without_words(opened: Backends) -> None:
    """RS-040, RS-077, RS-082: a read with every word missing passes, with 80."""
    reader = pupil(opened, said("มึม มึม"), EvenAligner([0.05] * 7))
    reader.recognizer.script = []
    found = await assess(reader.heard_by(opened), reader.wav)
    assert found["assessment"]["passed"] is True
    assert found["scores"]["overall"] == found["scores"]["levenshteinSimilarity"] == 80.0
    assert found["comparison"]["missingTokenCount"] == 7
    selected = found["student"]["selectedAttempt"]
    assert (selected["hasTiming"], selected["start"], selected["durationSeconds"]) == (False, None, None)
    assert (selected["tokenStartIndex"], selected["tokenEndIndex"]) == (None, None)
    assert (selected["mode"], selected["applied"]) == ("full_transcript", False)


async def test_a_reference_recording(opened: Backends) -> None:
    """RS-003, RS-085, RS-086: what is said in it is the text."""
    reader = pupil(opened, said("สวัสดี ครับ") + said("เรียน ภาษาไทย", 8.0))
    order = {"reference_text": "", "reference_audio": wav_of(audio(7.5, 12))}
    found = await assess(reader.heard_by(opened), wav_of(audio(7.5, 12)), **order)
    assert found["request"]["referenceSource"] == "referenceAudio"
    reference = found["reference"]
    assert (reference["text"], reference["tokens"]) == ("เรียน ภาษาไทย", ["เรียน", "ภาษาไทย"])
    assert (reference["meta"]["engine_impl"], reference["meta"]["audioDuration"]) == ("scripted", 4.5)
    assert found["scores"]["textAccuracy"] == 100.0
    assert await opened.limits.usage_today(TEAM, KIND) == pytest.approx(9.0)


async def test_a_reference_without_words(opened: Backends) -> None:
    """RS-011: nobody can read it."""
    reader = pupil(opened, said("สวัสดี ครับ"))
    order = {"reference_text": "", "reference_audio": wav_of(audio(8, 10))}
    with pytest.raises(InvalidRequest, match=r"^reference_audio: There are no words"):
        await assess(reader.heard_by(opened), reader.wav, **order)
    assert await opened.limits.usage_today(TEAM, KIND) == 0


async def test_usage_is_counted_once_for_a_job(opened: Backends) -> None:
    """QUO-005, QUO-010, RS-025: seconds of audio, whatever attempt ends it; and the payload is the same."""
    first, second = [await payload(opened, said(MISTAKEN)) for _ in range(2)]
    assert first == second
    assert await opened.limits.usage_today(TEAM, KIND) == pytest.approx(12.0)


async def test_recordings_that_will_not_do(opened: Backends) -> None:
    """RS-012, JOB-006: too long, broken after its head, no longer kept."""
    backends = pupil(opened, []).heard_by(opened)
    with pytest.raises(AudioTooLong, match=r"^student_audio: The recording is longer than 20 s"):
        await assess(backends, wav_of(audio(0, 21)))
    with pytest.raises(InvalidAudio, match=r"^student_audio: "):
        await assess(backends, SILENCE[:44])
    with pytest.raises(NotFound):
        await assess(backends, b"", student_audio="inputs/gone")


async def test_a_recogniser_that_fails(opened: Backends) -> None:
    """ERR-005: there is never a score without it."""
    reader = pupil(opened, said(MISTAKEN))
    reader.recognizer.failures = [DecodeFailed()]
    with pytest.raises(DecodeFailed):
        await assess(reader.heard_by(opened), reader.wav)
    with pytest.raises(EngineUnavailable):
        await assess(replace(reader.heard_by(opened), models=ScriptedModels()), reader.wav)
