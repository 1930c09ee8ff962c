"""Fits how an aligner judges tones and words: `python -m training.thai_speech.calibrate_pronunciation`.

Writes `deployments/align/embedded/calibration.json` from the development sentences in half of the unseen
voices, and prints how it ranks right words above wrong ones in other sentences by the other half. To be
repeated after every change of the acoustic model.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from deployments.align.embedded.calibration import PATH, Calibration
from deployments.align.embedded.hearing import Evidence, Said, evidence, hear
from deployments.align.embedded.pitch_contour import Numbers
from deployments.align.embedded.pronunciations import reading_of
from deployments.align.embedded.tones import ToneModel
from deployments.thai_speech.acoustic import FRAME_SECONDS
from training.thai_speech.calibrate_confidence import calibration_error, fit, ranking
from training.thai_speech.diagnosis import report_diagnoses
from training.thai_speech.mispronunciations import MISTAKES, Misread, misread_sentences
from training.thai_speech.spoken_sentences import CONDITIONS
from training.thai_speech.tone_fit import fit_tones
from training.thai_speech.voices import HELD_OUT

FOLDER = Path(__file__).parent
HALF = len(HELD_OUT) // 2


class Heard(NamedTuple):
    """A sentence and what was heard of it."""

    misread: Misread
    said: list[Said]


def heard_sentences(name: str, voices: Sequence[str], seed: int) -> list[Heard]:
    """Every sentence of a file with every mistake."""
    spoken = misread_sentences(FOLDER / name, voices, seed)
    return [Heard(one, hear(one.audio, [reading_of(word) for word in one.text])) for one in spoken]


def judged(heard: Sequence[Heard], tones: ToneModel) -> tuple[list[Evidence], Numbers]:
    """Evidence of every word, and 1 for each that was said right."""
    found = [word for one in heard for word in evidence(one.said, tones)]
    return found, np.array([right for one in heard for right in one.misread.right], float)


def calibrate(heard: Sequence[Heard]) -> Calibration:
    tones = fit_tones(heard)
    found, right = judged(heard, tones)
    features = np.column_stack([np.ones(len(found)), np.array(found)])
    bias, sound, tone = (float(weight) for weight in fit(features, right))
    return Calibration(tones, bias, sound, tone)


def report(heard: Sequence[Heard], fitted: Calibration) -> None:
    """Area under the curve for each mistake in each condition, and how true the confidences are."""
    for mistake in MISTAKES[1:]:
        areas = [f"{condition} {_area(heard, fitted, mistake, condition):.3f}" for condition in CONDITIONS]
        print(f"{mistake:10}", "  ".join(areas))
    found, right = judged(heard, fitted.tones)
    confidences = np.array([fitted.confidence(word) for word in found])
    print(f"{len(right)} words, calibration error {calibration_error(confidences, right):.3f}")
    print(
        f"confidence: right {confidences[right > 0].mean():.3f}, wrong {confidences[right == 0].mean():.3f}"
    )


def _area(heard: Sequence[Heard], fitted: Calibration, mistake: str, condition: str) -> float:
    """Wrong words of one kind against all right words of the condition."""
    confidences, wanted = list[float](), list[bool]()
    for one in (one for one in heard if one.misread.condition == condition):
        words = zip(evidence(one.said, fitted.tones), one.misread.right, strict=True)
        kept = [(word, right) for word, right in words if right or one.misread.mistake == mistake]
        confidences += [fitted.confidence(word) for word, _ in kept]
        wanted += [right for _, right in kept]
    return ranking(np.array(confidences), np.array(wanted, float))


def report_times(heard: Sequence[Heard]) -> None:
    """From the first frame of a word to its true start, and from its last to its true end, in seconds."""
    gaps = [
        (first - word.units[0].first * FRAME_SECONDS, end - word.units[-1].end * FRAME_SECONDS)
        for one in heard
        if one.misread.mistake == "none" and one.misread.condition == "clean" and one.misread.bounds
        for word, (first, end) in zip(one.said, one.misread.bounds, strict=True)
        if word.units[0].end > word.units[0].first
    ]
    median = np.median(gaps, axis=0)
    error = np.quantile(abs(np.array(gaps) - median), (0.5, 0.9), axis=0)
    print("starts and ends: median", median.round(3), "then off by (median, p90)", error.round(3).tolist())


def save(fitted: Calibration) -> None:
    tones = {name: getattr(fitted.tones, name).round(4).tolist() for name in ("levels", "weights", "bias")}
    confidence = {name: round(getattr(fitted, name), 4) for name in ("bias", "sound", "tone")}
    PATH.write_text(json.dumps({"tones": tones, "confidence": confidence}, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    development = heard_sentences("dev_sentences.txt", HELD_OUT[:HALF], seed=1)
    fitted = calibrate(development)
    save(fitted)
    report_times(development)
    others = heard_sentences("sentences.txt", HELD_OUT[HALF:], seed=2)
    report(others, fitted)
    report_diagnoses(others, fitted)


if __name__ == "__main__":
    main()
