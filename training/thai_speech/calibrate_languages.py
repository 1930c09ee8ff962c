"""Fits how Thai and English are told apart: `python -m training.thai_speech.calibrate_languages`.

Prints the constant of `deployments/asr/embedded/multilingual.py`, and how often it is right on sentences and
voices that it was not fitted to. To be repeated after every change of a model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soxr
from numpy.typing import NDArray

from deployments.asr.embedded.thai import EmbeddedRecognizer
from deployments.asr.replica import Window
from deployments.thai_speech.espeak import Voice, speak
from deployments.tts.embedded import formant
from serve_app.engines import SAMPLE_RATE, Audio
from training.thai_speech.calibrate_confidence import fit, predict, ranking

SENTENCES = Path(__file__).with_name("bilingual_sentences.tsv")
VOICES = {
    "calibration": (("en-us", "malee"), ("en-us+f2", "somchai")),
    "test": (("en-us+f4", "linda"), ("en+m5", "linda")),
}
"""English and Thai."""
NOISE_DB = (None, 20.0, 10.0)
"""White noise below the speech."""


class Heard(NamedTuple):
    """One sentence as the Thai engine heard it."""

    avg_logprob: float
    thai: bool
    noise_db: float | None


def spoken(part: str) -> Iterator[tuple[Audio, bool]]:
    """Each sentence of a part in its voices, English and Thai, at 16 kHz."""
    rows = [line.split("\t") for line in SENTENCES.read_text(encoding="utf-8").splitlines()]
    for (_, english, thai), voices in product([row for row in rows if row[0] == part], VOICES[part]):
        said = speak(english, Voice(voices[0])), formant.synthesize(thai, voice=voices[1])
        for speech, is_thai in zip(said, (False, True), strict=True):
            audio = soxr.resample(speech.samples, speech.sample_rate, SAMPLE_RATE)
            yield np.asarray(audio, np.float32), is_thai


def heard(part: str, engine: EmbeddedRecognizer) -> Iterator[Heard]:
    """What it makes of a part; what it hears no word in is English."""
    rng = np.random.default_rng(0)
    for (audio, thai), noise_db in product(spoken(part), NOISE_DB):
        window = Window(audio if noise_db is None else _noisy(audio, noise_db, rng))
        (found,) = engine.recognize([window])
        if found.words:
            yield Heard(found.avg_logprob, thai, noise_db)


def _noisy(audio: Audio, noise_db: float, rng: np.random.Generator) -> Audio:
    level = np.sqrt(np.mean(audio**2)) * 10 ** (-noise_db / 20)
    return np.asarray(audio + rng.normal(0, level, len(audio)), np.float32)


def columns(rows: Sequence[Heard]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Features with a leading 1, and whether Thai, as `fit` takes them."""
    return np.array([(1.0, row.avg_logprob) for row in rows]), np.array([row.thai for row in rows], float)


def main() -> None:
    engine = EmbeddedRecognizer()
    parts = {part: list(heard(part, engine)) for part in VOICES}
    weights = fit(*columns(parts["calibration"]))
    print(f"THAI_LOGPROB = {-weights[0] / weights[1]:.2f}")
    for part, noise_db in product(parts, NOISE_DB):
        features, truth = columns([row for row in parts[part] if row.noise_db == noise_db])
        chances = predict(features, weights)
        right = int(((chances > 0.5) == truth).sum())
        noise = "clean" if noise_db is None else f"{noise_db:.0f} dB"
        print(f"{part}, {noise}: {right} of {len(truth)} right, AUC {ranking(chances, truth):.3f}")


if __name__ == "__main__":
    main()
