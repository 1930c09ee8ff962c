"""Figures of the shipped model on held-out sentences and voices: `python -m training.thai_speech.evaluate`.

`--tune` searches the decoder's weights instead, on the development sentences only.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deployments.asr.embedded.thai import EmbeddedRecognizer
from deployments.asr.replica import Window
from deployments.thai_speech.acoustic import acoustic_model
from deployments.thai_speech.features import SAMPLE_RATE
from deployments.thai_speech.lexicon import lexicon
from deployments.thai_speech.phonemes import TOKENS, tokens
from serve_app.engines import Word
from training.thai_speech.calibrate_confidence import calibration_error, ranking, right_words
from training.thai_speech.edit_distance import edit_distance
from training.thai_speech.spoken_sentences import CONDITIONS, SpokenSentence, spoken_sentences

HERE = Path(__file__).parent
TEST, DEV = HERE / "sentences.txt", HERE / "dev_sentences.txt"


def recognize(recognizer: EmbeddedRecognizer, spoken: Sequence[SpokenSentence]) -> list[tuple[Word, ...]]:
    return [recognizer.recognize([Window(sentence.audio)])[0].words for sentence in spoken]


def character_error_rate(spoken: Sequence[SpokenSentence], heard: Sequence[Sequence[Word]]) -> float:
    """Without spaces; repetition signs count as the words that are spoken for them."""
    references = ["".join(word.text for word in sentence.words) for sentence in spoken]
    hypotheses = ["".join(word.text for word in words) for words in heard]
    edits = sum(edit_distance(r, h) for r, h in zip(references, hypotheses, strict=True))
    return edits / sum(map(len, references))


def phoneme_error_rate(spoken: Sequence[SpokenSentence], *, tones: bool = True) -> float:
    """Of the best token of each frame, without lexicon or language model."""
    edits = total = 0
    for sentence in spoken:
        best = acoustic_model().log_probs([sentence.audio])[0].argmax(axis=1)
        heard = [
            int(token) for token, before in zip(best, [0, *best], strict=False) if token and token != before
        ]
        truth = [token for word in sentence.words for token in tokens(word.pronunciation)]
        names = [
            [TOKENS[token] if tones else TOKENS[token].rstrip("01234") for token in row]
            for row in (heard, truth)
        ]
        edits += edit_distance(*names)
        total += len(truth)
    return edits / total


def time_errors(spoken: Sequence[SpokenSentence], heard: Sequence[Sequence[Word]]) -> NDArray[np.float64]:
    """Start and end errors in seconds of the words recognised rightly, shape (words, 2)."""
    errors = []
    for sentence, words in zip(spoken, heard, strict=True):
        matcher = SequenceMatcher(
            None, [w.text for w in sentence.words], [w.text for w in words], autojunk=False
        )
        for block in matcher.get_matching_blocks() if sentence.bounds else ():
            for offset in range(block.size):
                start, end = sentence.bounds[block.a + offset]
                word = words[block.b + offset]
                errors.append((word.start - start, word.end - end))
    return np.array(errors)


def judged(
    spoken: Sequence[SpokenSentence], heard: Sequence[Sequence[Word]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Confidence of each word heard, and 1 where it is right."""
    rows = [
        (word.confidence, float(index in right))
        for sentence, words in zip(spoken, heard, strict=True)
        for right in [right_words([w.text for w in sentence.words], [w.text for w in words])]
        for index, word in enumerate(words)
    ]
    confidence, right = np.array(rows).T
    return confidence, right


def milliseconds(recognizer: EmbeddedRecognizer, audio: NDArray[np.float32], batch: int) -> float:
    """Least time for one window in a batch, over ten runs."""
    spent = []
    for _ in range(10):
        start = time.perf_counter()
        recognizer.recognize([Window(audio, final=False)] * batch)
        spent.append(time.perf_counter() - start)
    return 1000 * min(spent) / batch


def report(recognizer: EmbeddedRecognizer) -> None:
    """Prints every figure of the model card."""
    for name in CONDITIONS:
        spoken = spoken_sentences(TEST, name)
        heard = recognize(recognizer, spoken)
        errors = time_errors(spoken, heard)
        print(f"{name}: {len(spoken)} utterances, {sum(len(s.audio) for s in spoken) / SAMPLE_RATE:.0f} s")
        print(
            f"  CER {character_error_rate(spoken, heard):.3f}  PER {phoneme_error_rate(spoken):.3f}", end="  "
        )
        print(f"PER without tones {phoneme_error_rate(spoken, tones=False):.3f}", end="  ")
        confidence = judged(spoken, heard)
        missed = calibration_error(*confidence)
        print(f"confidence AUC {ranking(*confidence):.3f}, calibration error {missed:.3f}")
        for side, column in zip(("start", "end"), errors.T, strict=True):
            middle, tail = 1000 * np.quantile(abs(column), (0.5, 0.9))
            bias = 1000 * np.median(column)
            print(f"  word {side}: bias {bias:.0f} ms, error median {middle:.0f} ms, p90 {tail:.0f} ms")
    audio = np.concatenate([sentence.audio for sentence in spoken])
    for seconds, batch in ((1.6, 1), (1.6, 16), (3.0, 1), (30.0, 1)):
        spent = milliseconds(recognizer, audio[: int(seconds * SAMPLE_RATE)], batch)
        print(f"{seconds} s x {batch}: {spent:.1f} ms each, real-time factor {spent / 1000 / seconds:.4f}")
    said = {word.text for sentence in spoken for word in sentence.words}
    print(f"test vocabulary: {len(said & lexicon().keys())} of {len(said)} words are in the lexicon")


def tune() -> None:
    """Character error rate on development sentences, in each condition, for a grid of weights."""
    spoken = [spoken_sentences(DEV, condition, seed=11) for condition in CONDITIONS]
    for weight, score in product((0.6, 0.8, 1.0, 1.2), (-0.5, 0.0, 0.5, 1.0, 2.0)):
        recognizer = EmbeddedRecognizer(language_weight=weight, word_score=score)
        rates = [character_error_rate(each, recognize(recognizer, each)) for each in spoken]
        print(f"language {weight}, word {score}: CER", " ".join(f"{rate:.4f}" for rate in rates), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tune", action="store_true")
    options = parser.parse_args()
    tune() if options.tune else report(EmbeddedRecognizer())


if __name__ == "__main__":
    main()
