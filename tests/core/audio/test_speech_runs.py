"""Where long recordings are cut: VP-001."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serve_app.core.audio.endpointing import FRAME, PAD, STAY, Endpointer
from serve_app.core.audio.speech_runs import LEAD_IN, LONGEST, PAUSE, Run, SpeechRuns
from serve_app.engines import SAMPLE_RATE as SECOND

SPEECH, SILENCE = 0.9, 0.01


def cut(probabilities: list[float]) -> list[Run]:
    """All runs of a recording."""
    runs = SpeechRuns()
    closed = [runs.accept(probability) for probability in probabilities]
    return [run for run in [*closed, runs.finish()] if run]


def frames(seconds: float, probability: float) -> list[float]:
    return [probability] * round(seconds * SECOND / FRAME)


def test_speech_is_padded_and_silence_is_left_out() -> None:
    """VP-001: silence is not decoded."""
    runs = cut(frames(5, SILENCE) + frames(3, SPEECH) + frames(5, SILENCE) + frames(2, SPEECH))
    starts, ends = round(5 * SECOND / FRAME) * FRAME, round(8 * SECOND / FRAME) * FRAME
    assert (runs[0].start, runs[0].end) == (starts - PAD, ends + PAD)
    assert len(runs) == 2
    assert runs[0].probability == pytest.approx(SPEECH)


def test_a_silent_recording_has_no_runs() -> None:
    """VP-001."""
    assert cut(frames(100, SILENCE)) == []
    assert cut([]) == []


def test_speech_at_the_very_start_has_no_padding_before_it() -> None:
    """VP-001."""
    assert cut(frames(1, SPEECH))[0].start == 0


def test_neighbours_are_merged_up_to_the_window() -> None:
    """VP-001: five sentences of 5 s with 1 s between fit into 30 s, the sixth does not."""
    runs = cut((frames(5, SPEECH) + frames(1, SILENCE)) * 6)
    assert len(runs) == 2
    assert 28 * SECOND < runs[0].end < 30 * SECOND
    assert runs[1].end - runs[1].start < 6.5 * SECOND


def test_a_long_silence_separates() -> None:
    """VP-001: so that segments begin where speech begins."""
    assert len(cut(frames(1, SPEECH) + frames(1.9, SILENCE) + frames(1, SPEECH))) == 1
    assert len(cut(frames(1, SPEECH) + frames(2.2, SILENCE) + frames(1, SPEECH))) == 2


def test_unbroken_speech_is_cut_where_it_is_least_likely_speech() -> None:
    """VP-001: in the second half of the window."""
    weak = frames(20, SPEECH) + [0.5] * 5 + frames(18, SPEECH)
    first, second = cut(weak)
    assert first.end == second.start
    assert abs(first.end - (round(20 * SECOND / FRAME) + 2.5) * FRAME) <= FRAME
    assert all(15 * SECOND <= run.end - run.start <= LONGEST for run in cut(frames(300, SPEECH))[:-1])


def test_hours_of_murmur_before_an_onset_are_left_out() -> None:
    """OUT-002: what is never quite speech must not be kept in memory."""
    runs = SpeechRuns()
    for probability in frames(60, 0.45):
        assert runs.accept(probability) is None
        assert runs.heard - runs.keep <= LEAD_IN + PAD
    for probability in frames(1, SPEECH):
        runs.accept(probability)
    last = runs.finish()
    assert last
    assert last.start >= 58 * SECOND


RECORDINGS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.3, STAY, 0.45, 0.5, 0.9]), st.integers(1, 500) | st.integers(1, 5)),
    max_size=20,
).map(lambda parts: [probability for probability, count in parts for _ in range(count)])
"""Up to some minutes of any alternation."""


@settings(deadline=None, max_examples=50)
@given(RECORDINGS)
def test_runs_cover_all_speech_in_order_within_bounds(probabilities: list[float]) -> None:
    """VP-001: whatever the detector says."""
    runs = cut(probabilities)
    assert all(0 < run.end - run.start <= LONGEST for run in runs)
    assert all(before.end <= after.start for before, after in pairwise(runs))
    assert all(STAY <= run.probability + 1e-9 <= 1 + 2e-9 for run in runs)
    assert all(0 <= run.start < len(probabilities) * FRAME for run in runs)
    assert not runs or runs[-1].end <= len(probabilities) * FRAME + PAD
    for start, end in speech(probabilities):
        assert covered(start, end, runs)


def speech(probabilities: list[float]) -> list[tuple[int, int]]:
    """Regions of the endpointer that live captions use, without weak frames long before an onset."""
    endpointer = Endpointer()
    decided = [endpointer.heard for probability in probabilities if endpointer.accept(probability)]
    found = zip(endpointer.regions, decided, strict=True)
    return [(max(region.start, onset - LEAD_IN), region.end) for region, onset in found]


def covered(start: int, end: int, runs: list[Run]) -> bool:
    """Whether runs that touch one another hold all of [start, end)."""
    for run in runs:
        if run.start <= start < run.end:
            start = run.end
    return start >= end


@settings(deadline=None, max_examples=50)
@given(RECORDINGS)
def test_runs_merge_what_fits_and_wait_no_longer_than_they_must(probabilities: list[float]) -> None:
    """VP-001, OUT-002: only a long silence or the window separates two runs, and memory is bounded."""
    runs, closed = SpeechRuns(), list[Run]()
    for probability in probabilities:
        keep = runs.keep
        run = runs.accept(probability)
        assert runs.heard - keep <= LONGEST + PAUSE + FRAME
        assert run is None or run.start >= keep
        closed += [run] if run else []
    for before, after in pairwise(closed):
        apart = after.start - before.end >= PAUSE - LEAD_IN - 2 * PAD - FRAME
        assert apart or after.end - before.start > LONGEST - PAD - FRAME
