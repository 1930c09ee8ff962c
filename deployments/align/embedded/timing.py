"""Frames of words to seconds."""

from __future__ import annotations

from collections.abc import Sequence

from deployments.align.viterbi import Unit
from serve_app.engines import AlignedWord


def timed(
    words: Sequence[Sequence[Unit]],
    confidences: Sequence[float],
    *,
    frame_s: float,
    duration: float,
    lead_s: float = 0.0,
    tail_s: float = 0.0,
) -> list[AlignedWord]:
    """Words that neither overlap nor leave the audio, rounded to milliseconds; a word that was passed over
    has no length.

    A word begins `lead_s` before its first frame and ends `tail_s` after its last one.
    """
    starts, ends = list[float](), list[float]()
    for units in words:
        spoken = units[-1].end > units[0].first
        starts.append(units[0].first * frame_s - (lead_s if spoken else 0.0))
        ends.append(units[-1].end * frame_s + (tail_s if spoken else 0.0))
    for before in range(len(words) - 1):
        if ends[before] > starts[before + 1]:
            ends[before] = starts[before + 1] = (ends[before] + starts[before + 1]) / 2
    inside = [
        (min(max(0.0, a), duration), min(max(0.0, b), duration)) for a, b in zip(starts, ends, strict=True)
    ]
    return [
        AlignedWord(round(start, 3), round(max(start, end), 3), round(confidence, 4))
        for (start, end), confidence in zip(inside, confidences, strict=True)
    ]
