"""Which audio a partial re-decodes (design decision 6). All positions are 16 kHz samples of one utterance."""

from __future__ import annotations

from collections.abc import Sequence

from serve_app.core.audio.endpointing import PAD
from serve_app.engines import SAMPLE_RATE, Word

LEFT_CONTEXT = SAMPLE_RATE // 4
"""A window starts this far before the first open word, so that the word is heard in its context."""
WINDOW_CAP = 15 * SAMPLE_RATE
"""No partial decodes more: its cost must stay a fraction of the time between partials."""
FORCE_AFTER = 14 * SAMPLE_RATE
"""Words are committed by force one second before the cap: what arrives during a decode must still fit."""


def window_start(committed: Sequence[Word], commit_time: float, *, onset: int, end: int, target: int) -> int:
    """Where the window that ends at `end` starts.

    It reaches back to the first open word, and over `target` samples at least. It neither starts inside a
    committed word nor before the speech, and is never longer than WINDOW_CAP.
    """
    cap = max(end - WINDOW_CAP, 0)
    first_open = int(commit_time * SAMPLE_RATE) - LEFT_CONTEXT
    start = max(onset - PAD, cap, min(first_open, end - target))
    for word in reversed(committed):
        if word.end * SAMPLE_RATE <= start:
            break
        if word.start * SAMPLE_RATE < start:
            return max(int(word.start * SAMPLE_RATE), cap)
    return start
