"""Fits the confidence of words to what was right: `python -m training.thai_speech.calibrate_confidence`.

Prints the constants of `deployments/thai_speech/confidence.py`, and how well they rank and predict, each
sentence judged by constants fitted without it. To be repeated after every change of a model.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deployments.asr.embedded.thai import word_trie
from deployments.thai_speech.acoustic import acoustic_model
from deployments.thai_speech.confidence import logit
from deployments.thai_speech.decode import Decoder, decode
from deployments.thai_speech.language_model import language_model
from training.thai_speech.spoken_sentences import CONDITIONS, spoken_sentences

DEV = Path(__file__).parent / "dev_sentences.txt"
SEEDS = (7, 11)
"""Two readings of each sentence and voice in each condition: 360 utterances."""
FOLDS, BINS = 30, 15
"""A fold is one sentence with all its readings."""
RIDGE = 1.0
"""Keeps the weights of features that say the same finite."""

Numbers = NDArray[np.float64]


class Words(NamedTuple):
    """Recognised words, shape (words,): features with a leading 1, whether right, number of the sentence."""

    features: Numbers
    right: Numbers
    sentence: NDArray[np.intp]


def recognised() -> Words:
    """Every word heard in the development sentences."""
    decoder, rows = Decoder(word_trie(), language_model()), list[tuple[float, ...]]()
    texts = DEV.read_text(encoding="utf-8").split()
    for condition, seed in product(CONDITIONS, SEEDS):
        for spoken in spoken_sentences(DEV, condition, seed=seed):
            (hits,) = decode(acoustic_model().log_probs([spoken.audio]), decoder, [True])
            right = right_words([word.text for word in spoken.words], [hit.text for hit in hits])
            for index, (posterior, tokens) in enumerate(hit.evidence for hit in hits):
                features = (1.0, logit(posterior), float(np.log(tokens)))
                rows.append((*features, float(index in right), float(texts.index(spoken.text))))
    table = np.array(rows)
    return Words(table[:, :3], table[:, 3], table[:, 4].astype(np.intp))


def right_words(said: list[str], heard: list[str]) -> set[int]:
    """Which words heard were said, in an alignment of both."""
    blocks = SequenceMatcher(None, said, heard, autojunk=False).get_matching_blocks()
    return {block.b + offset for block in blocks for offset in range(block.size)}


def fit(features: Numbers, right: Numbers) -> Numbers:
    """Weights of a ridge logistic regression, by Newton's method; the first is not shrunk."""
    weights, ridge = np.zeros(features.shape[1]), RIDGE * np.diag(np.arange(features.shape[1]) > 0)
    for _ in range(30):
        predicted = predict(features, weights)
        slope = features.T @ (predicted - right) + ridge @ weights
        curve = (features * (predicted * (1 - predicted))[:, None]).T @ features + ridge
        weights -= np.linalg.solve(curve, slope)
    return weights


def predict(features: Numbers, weights: Numbers) -> Numbers:
    return np.asarray(1 / (1 + np.exp(-features @ weights)))


def ranking(confidence: Numbers, right: Numbers) -> float:
    """Chance that a right word is more confident than a wrong one (area under the ROC curve)."""
    higher = confidence[right > 0][:, None] - confidence[right == 0]
    return float((higher > 0).mean() + (higher == 0).mean() / 2)


def calibration_error(confidence: Numbers, right: Numbers) -> float:
    """Expected calibration error (Naeini, Cooper and Hauskrecht 2015) over equal bins."""
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.bincount(place, confidence - right, BINS)
    return float(abs(gaps).sum() / len(right))


def main() -> None:
    words = recognised()
    judged = np.zeros(len(words.right))
    for fold in range(FOLDS):
        held = words.sentence % FOLDS == fold
        judged[held] = predict(words.features[held], fit(words.features[~held], words.right[~held]))
    ranked, missed = ranking(judged, words.right), calibration_error(judged, words.right)
    print(f"cross-validated: AUC {ranked:.3f}, calibration error {missed:.3f}")
    print(f"{len(judged)} words, {words.right.mean():.3f} right")
    print("BIAS, POSTERIOR_WEIGHT, LENGTH_WEIGHT =", fit(words.features, words.right).round(2))


if __name__ == "__main__":
    main()
