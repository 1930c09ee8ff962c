"""Silence in a recording: RS-081."""

from __future__ import annotations

import numpy as np
import pytest

from serve_app.core.audio.endpointing import FRAME, Region
from serve_app.core.audio.pcm import Pcm16
from serve_app.core.audio.silence import BLOCK, PAUSE, joined, silent

SECOND = 16_000


def tone(dbfs: float, seconds: float = 1.0) -> Pcm16:
    """A sine at a root mean square level."""
    time = np.arange(round(seconds * SECOND)) / SECOND
    return (10 ** (dbfs / 20) * 2**0.5 * 32768 * np.sin(880 * np.pi * time)).astype(np.int16)


@pytest.mark.parametrize(("dbfs", "expected"), [(-20, False), (-49, False), (-51, True), (-60, True)])
def test_what_is_quieter_than_minus_50_dbfs_is_silence(dbfs: float, expected: bool) -> None:
    """RS-081."""
    assert silent(tone(dbfs)) is expected


def test_nothing_and_digital_silence_are_silent() -> None:
    """RS-081."""
    assert silent(np.zeros(0, np.int16))
    assert silent(np.zeros(10 * SECOND, np.int16))


def test_one_click_is_no_sound_and_a_syllable_is() -> None:
    """RS-081: what is over within 96 ms cannot be a word."""
    recording = np.zeros(5 * SECOND, np.int16)
    recording[SECOND] = 32767
    assert silent(recording)
    recording[SECOND : SECOND + 3 * FRAME] = tone(-20, 3 * FRAME / SECOND)
    assert not silent(recording)


def test_sound_anywhere_in_a_long_recording_is_found() -> None:
    """RS-081: also across the borders of what is looked at together."""
    for start in (0, BLOCK - 2 * FRAME, 3 * BLOCK - FRAME):
        recording = np.zeros(3 * BLOCK + 4 * FRAME, np.int16)
        recording[start : start + 4 * FRAME] = tone(-20, 4 * FRAME / SECOND)
        assert not silent(recording)


def test_regions_with_a_short_pause_between_them_are_one() -> None:
    """RS-083: `speechRegionCount` counts stretches that a listener would part."""
    apart = [Region(0, 1000), Region(1000 + PAUSE, 20_000), Region(20_001 + PAUSE, 40_000)]
    assert joined(apart) == [Region(0, 20_000), Region(20_001 + PAUSE, 40_000)]
    assert apart[0] == Region(0, 1000)
    assert joined([]) == []
