"""Speech regions from probabilities: ASR-016, ASR-042, ASR-050."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from serve_app.core.audio.endpointing import FRAME, PAD, Endpointer, Region, longest_pause, span


def follow(probabilities: list[float]) -> tuple[Endpointer, list[int]]:
    """The endpointer after these frames, and the frames that decided an onset."""
    endpointer = Endpointer()
    return endpointer, [frame for frame, p in enumerate(probabilities) if endpointer.accept(p)]


def test_two_likely_frames_start_speech_and_the_onset_is_backdated() -> None:
    """ASR-042."""
    endpointer, decided = follow([0.0, 0.0, 0.4, 0.6, 0.7])
    assert decided == [4]
    assert endpointer.regions == [Region(2 * FRAME, 5 * FRAME)]
    assert endpointer.speaking


def test_a_click_does_not_start_speech() -> None:
    """ASR-042, ASR-050."""
    endpointer, decided = follow([0.0, 0.9, 0.0, 0.0, 0.95, 0.1])
    assert decided == []
    assert endpointer.regions == []
    assert endpointer.trailing_silence == 6 * FRAME


def test_weak_frames_alone_do_not_start_speech_but_sustain_it() -> None:
    """ASR-042: hysteresis."""
    assert follow([0.45] * 50)[1] == []
    endpointer, _ = follow([0.9, 0.9, *[0.4] * 20])
    assert endpointer.trailing_silence == 0


def test_a_stop_closure_does_not_end_speech() -> None:
    """ASR-042: two silent frames inside a word."""
    endpointer, decided = follow([0.9, 0.9, 0.0, 0.0, 0.9, 0.9])
    assert decided == [1]
    assert endpointer.regions == [Region(0, 6 * FRAME)]


def test_silence_ends_speech_and_speech_may_resume() -> None:
    """ASR-042: the second onset is a new region."""
    endpointer, decided = follow([0.9] * 5 + [0.0] * 10 + [0.9] * 3)
    assert decided == [1, 16]
    assert [(r.start // FRAME, r.end // FRAME) for r in endpointer.regions] == [(0, 5), (15, 18)]
    endpointer.forget(6 * FRAME)
    assert len(endpointer.regions) == 1


def test_span_pads_speech_and_is_none_in_silence() -> None:
    """ASR-050: silence is not decoded."""
    regions = [Region(20_000, 30_000), Region(50_000, 60_000)]
    assert span(regions, 0, 100_000) == (20_000 - PAD, 60_000 + PAD)
    assert span(regions, 40_000, 62_000) == (50_000 - PAD, 62_000)
    assert span(regions, 30_000, 50_000) is None
    assert span([], 0, 100) is None


def test_longest_pause_is_found_inside_and_at_the_end() -> None:
    """ASR-045: long utterances are cut at silences."""
    regions = [Region(0, 10_000), Region(16_000, 20_000), Region(50_000, 60_000)]
    assert longest_pause(regions, 0, 70_000) == 35_000
    assert longest_pause(regions, 0, 40_000) == 30_000
    assert longest_pause([Region(0, 40_000)], 0, 40_000) is None


@given(st.lists(st.floats(0, 1), max_size=200))
def test_regions_are_ordered_and_inside_the_audio(probabilities: list[float]) -> None:
    """ASR-042: whatever the detector says."""
    endpointer, decided = follow(probabilities)
    edges = [edge for region in endpointer.regions for edge in (region.start, region.end)]
    assert edges == sorted(edges)
    assert all(0 <= edge <= endpointer.heard for edge in edges)
    assert len(decided) == len(endpointer.regions)
    assert endpointer.heard == len(probabilities) * FRAME
