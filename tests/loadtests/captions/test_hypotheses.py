"""Decodes that many settings share are made once (ASR-013, ASR-015: the grid of hops and windows)."""

from __future__ import annotations

import numpy as np

from deployments.asr.replica import MAX_BATCH_ITEMS
from loadtests.captions.hypotheses import Hypotheses, Listener, listen_together
from serve_app.engines import SAMPLE_RATE
from serve_app.flows.captions.utterance_audio import Decode
from tests.engines.tiny import TinyRecognizer

SAMPLES = np.zeros(4 * SAMPLE_RATE, np.int16)


def seconds(start: int, end: int, *, exact: bool = False) -> Decode:
    return Decode((start * SAMPLE_RATE, end * SAMPLE_RATE), exact)


def listener(*wanted: Decode) -> Listener[list[int]]:
    """Counts the words of each decode: the tiny engine hears one a second."""
    found = []
    for decode in wanted:
        heard = yield decode
        found.append(len(heard.words))
    return found


def test_every_listener_hears_what_it_asked_for() -> None:
    """ASR-015: also one that asks for nothing, and one that asks longer than the others."""
    hypotheses = Hypotheses(TinyRecognizer(), SAMPLES)
    short, long = listener(seconds(0, 1)), listener(seconds(1, 4), seconds(0, 2), seconds(2, 3))
    assert listen_together([listener(), short, long], hypotheses) == [[], [1], [3, 2, 1]]


def test_the_same_stretch_is_decoded_once() -> None:
    """ASR-015: at once or later; a final is another decode than a partial of the same audio."""
    engine = TinyRecognizer()
    hypotheses = Hypotheses(engine, SAMPLES)
    hypotheses.ask([seconds(0, 1), seconds(0, 1), seconds(0, 2)])
    hypotheses.ask([seconds(0, 1), seconds(0, 1, exact=True)])
    assert engine.batches == [[1.0, 2.0], [1.0]]


def test_batches_are_no_larger_than_a_replica_makes_them() -> None:
    """ASR-015: and finals are never mixed with partials."""
    engine = TinyRecognizer()
    many = [Decode((0, SAMPLE_RATE + index), exact=False) for index in range(MAX_BATCH_ITEMS + 1)]
    Hypotheses(engine, SAMPLES).ask([*many, seconds(0, 1, exact=True)])
    assert [len(batch) for batch in engine.batches] == [MAX_BATCH_ITEMS, 1, 1]
