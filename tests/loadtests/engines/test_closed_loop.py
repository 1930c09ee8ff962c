"""Throughput from answers, and the loop that gathers them (ASR-015)."""

from __future__ import annotations

import numpy as np
import pytest

from deployments.asr.replica import RecognizerReplica
from loadtests.engines.closed_loop import FINAL_EVERY, HEAD, Answer, Throughput, throughput
from loadtests.report import markdown_table
from serve_app.engines import SAMPLE_RATE
from tests.engines.tiny import TinyRecognizer
from tests.fakes import ScriptedRecognizer

TWO_BATCHES = Throughput(
    3, [Answer(100.0, 100.0, 1.5), Answer(350.0, 250.0, 1.5), Answer(400.0, 250.0, 2.0)], wall_s=0.5
)


def test_a_batch_is_known_by_its_engine_time() -> None:
    """ASR-048: every member of a batch is told the batch's own `decode_ms`, which counts once."""
    assert TWO_BATCHES.batches == {100.0, 250.0}
    assert TWO_BATCHES.outside_engine == pytest.approx(0.3)


def test_a_row_has_rates_batch_waits_and_decodes() -> None:
    """ASR-048: waiting is what is left of the time without the engine's."""
    row = dict(zip(HEAD, TWO_BATCHES.row(), strict=True))
    assert row["windows / s"] == 6
    assert row["audio s / s"] == 10
    assert row["mean batch"] == 1.5
    assert (row["wait p50 ms"], row["wait p95 ms"]) == (100, 150)
    assert (row["decode p50 ms"], row["decode p95 ms"]) == (250, 250)
    assert row["outside engine %"] == pytest.approx(30)


async def test_one_request_in_twelve_is_a_final() -> None:
    """ASR-045: finals are part of the load."""
    recognizer = ScriptedRecognizer()
    await throughput(recognizer, [np.zeros(160, np.float32)], FINAL_EVERY, seconds=0)
    assert [final for _, final in recognizer.heard] == [True] + [False] * (FINAL_EVERY - 1)


async def test_callers_at_once_share_batches() -> None:
    """ASR-015: through the real replica; each caller asks once at least."""
    engine = TinyRecognizer()
    replica = RecognizerReplica(engine, ["typhoon"])
    windows = [np.zeros(SAMPLE_RATE, np.float32)] * 2
    found = await throughput(replica, windows, 5, seconds=0)
    replica.close()
    assert len(found.answers) == 5
    assert len(found.batches) == len(engine.batches) - 1, "the first one is the warm-up"


def test_a_table_is_markdown() -> None:
    """ASR-048: for the document of measurements."""
    assert markdown_table(("a", "b"), [(1, 2.5)]) == "| a | b |\n| --- | --- |\n| 1 | 2.5 |"
