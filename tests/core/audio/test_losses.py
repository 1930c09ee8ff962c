"""What is missing of a recording: VP-006."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve_app.core.audio.losses import Damage, Losses

FRAME = 0.02


def followed(*times: float | None) -> tuple[list[float], Losses]:
    """The silence before each frame of 20 ms."""
    losses = Losses()
    return [round(losses.before(time, FRAME), 6) for time in times], losses


def test_a_whole_recording_has_no_damage() -> None:
    """VP-006: jitter, clocks that are set and frames without a timestamp are none."""
    for times in [
        (7.0, 7.02, 7.04),  # the middle of a live recording
        (0.0, 0.023, 0.038),
        (0.0, None, 0.04),
        (0.0, 0.02, 0.0, 0.02),  # a chained stream
        (0.0, 4000.0, 4000.02),
    ]:
        silence, losses = followed(*times)
        losses.end(None)
        assert (sum(silence), losses.damage) == (0.0, None)


def test_a_gap_is_silence() -> None:
    """VP-006: later words keep their times."""
    silence, losses = followed(0.0, 0.02, 1.04, 1.06)
    assert silence == [0.0, 0.0, 1.0, 0.0]
    assert losses.damage == Damage(0.04, 1.0)


def test_a_frame_that_fails_is_as_much_silence() -> None:
    """VP-006: shorter gaps count where something failed; the first packet too."""
    losses = Losses()
    losses.fail(0.0)
    assert losses.before(0.02, FRAME) == pytest.approx(0.02)
    losses.fail(0.04)
    assert losses.before(0.06, FRAME) == pytest.approx(0.02)
    assert (losses.damage, losses.errors) == (Damage(0.0, 0.04), 2)


def test_damage_of_unknown_length() -> None:
    """VP-006."""
    losses = Losses()
    losses.before(None, FRAME)
    losses.fail(None)
    losses.before(None, FRAME)
    assert losses.damage == Damage(0.02, 0.0)


@pytest.mark.parametrize(("failed", "announced", "lost"), [(0, 0.9, None), (0, 2.02, 2.0), (1, 0.52, 0.5)])
def test_a_missing_end(failed: int, announced: float, lost: float | None) -> None:
    """VP-006: less than a second is a rounded announcement, unless the last packet was damaged."""
    losses = Losses()
    losses.before(0.0, FRAME)
    for _ in range(failed):
        losses.fail(None)
    losses.end(announced)
    assert losses.damage == (lost and Damage(0.02, lost))


@given(st.lists(st.none() | st.floats(-1e9, 1e9), max_size=50))
def test_silence_is_bounded_whatever_timestamps_say(times: list[float | None]) -> None:
    """VP-006, OUT-002: a minute for each frame at most."""
    silence, losses = followed(*times)
    assert all(0 <= gap <= 60 for gap in silence)
    assert (losses.damage is not None) == (sum(silence) > 0)
