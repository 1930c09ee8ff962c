"""How held-out utterances are put together (ASR-044: what its figures are measured on)."""

from __future__ import annotations

import numpy as np

from loadtests.captions.held_out import JOINED, LEAD_S, PAUSE_S, TAIL_S, groups, joined, pcm16_bytes
from loadtests.recording import SAMPLE_RATE


def test_every_line_is_said_alone_and_in_company() -> None:
    """ASR-044: long utterances are made of the same sentences, in order."""
    lines = [f"ประโยค{number}" for number in range(20)]
    every = list(groups(lines, np.random.default_rng(1)))
    alone = [group for group in every if len(group) == 1]
    company = [group for group in every if len(group) > 1]
    assert [line for (line,) in alone] == lines
    together = [line for group in company for line in group]
    assert together == lines[: len(together)]
    assert len(together) > len(lines) - JOINED[0]
    assert all(JOINED[0] <= len(group) <= JOINED[1] for group in company)


def test_sentences_are_joined_by_pauses() -> None:
    """ASR-044: silence before, between and after."""
    sentence = np.ones(SAMPLE_RATE)
    whole = joined([sentence, sentence], np.random.default_rng(1))
    loud = np.flatnonzero(whole)
    assert loud[0] == LEAD_S * SAMPLE_RATE
    assert len(whole) - 1 - loud[-1] == TAIL_S * SAMPLE_RATE
    pause_s = (np.diff(loud).max() - 1) / SAMPLE_RATE
    assert PAUSE_S[0] <= pause_s <= PAUSE_S[1]


def test_loud_samples_are_clipped() -> None:
    """ASR-031: PCM16LE."""
    assert np.frombuffer(pcm16_bytes(np.array([-2.0, 0.0, 2.0])), "<i2").tolist() == [-32767, 0, 32767]
