"""The grid of settings and its rows (ASR-013, ASR-015, ASR-044)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from loadtests.captions.audio_time import Setting
from loadtests.captions.quality import HEAD
from loadtests.captions.streaming_quality import Options, measure, rows_of, tables
from loadtests.engines.decode_throughput import Options as ThroughputOptions
from loadtests.engines.decode_throughput import in_process
from loadtests.engines.decode_throughput import measure as measure_throughput
from loadtests.recording import Utterance
from serve_app.core.captions.stabilizer import AGREEMENT_S
from serve_app.engines import SAMPLE_RATE
from tests.engines.tiny import TinyRecognizer


def test_every_point_of_the_grid_is_measured_once() -> None:
    """ASR-044: a span that is given twice would count its words twice."""
    options = Options(Path("x"), False, (40, 80), (1600,), (0.24, 0.36, 0.24), "", "{}", None, None)
    assert [(each.hop_ms, each.agreement_s) for each in options.settings] == [
        (40, 0.24), (40, 0.36), (80, 0.24), (80, 0.36),
    ]  # fmt: skip


def test_counts_of_decodes_stand_beside_the_default_span() -> None:
    """ASR-044: one row for each method on the same hypotheses."""
    assert rows_of(Setting(40, 1600)) == [(name, 40, 1600) for name in ("240 ms", "LA-2", "LA-3")]
    assert rows_of(Setting(40, 1600, 2 * AGREEMENT_S)) == [("480 ms", 40, 1600)]


def test_silence_gives_rows_without_words() -> None:
    """ASR-042, ASR-045: nothing was said, nothing is decoded, and the real detector hears that."""
    said = Utterance("nobody", "", np.zeros(SAMPLE_RATE, np.int16).tobytes())
    grid = measure(TinyRecognizer(), [said], [Setting(40, 1600)])
    assert [len(recordings) for recordings in grid.values()] == [1, 1, 1]
    head, rows = tables(grid)["streaming quality"]
    assert len(rows) == 3
    assert {row[head.index(HEAD[-1])] for row in rows} == {0}


async def test_throughput_has_a_row_for_each_number_of_streams(tmp_path: Path) -> None:
    """ASR-015: any engine by its `package.module:Class`."""
    options = ThroughputOptions("tests.engines.tiny:TinyRecognizer", "{}", False, (1, 3), 0.0, tmp_path)
    windows = [np.zeros(SAMPLE_RATE, np.float32)]
    runs = await measure_throughput(in_process(options.model), windows, options)
    assert [run.streams for run in runs] == [1, 3]
