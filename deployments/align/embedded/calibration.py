"""Evidence of a word to its confidence: logistic regression, fitted by
`python -m training.thai_speech.calibrate_pronunciation` to voices that the acoustic model never heard."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from deployments.align.embedded.hearing import Evidence
from deployments.align.embedded.tones import ToneModel

PATH = Path(__file__).with_name("calibration.json")


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the script fits."""

    tones: ToneModel
    bias: float
    sound: float
    """Weight of the weakest sound."""
    tone: float
    """Weight of the worst tone."""

    def confidence(self, evidence: Evidence) -> float:
        """Probability that a word was said, and said right, 0..1; it rises with each part of the evidence."""
        total = self.bias + self.sound * evidence.sound + self.tone * evidence.tone
        return 1 / (1 + math.exp(-total))


@cache
def calibration() -> Calibration:
    """The calibration of the package, read once in a process."""
    fitted = json.loads(PATH.read_text(encoding="utf-8"))
    tones = ToneModel(**{name: np.array(numbers) for name, numbers in fitted["tones"].items()})
    return Calibration(tones, **fitted["confidence"])
