"""Words that a recogniser lost in a reading: how it shows, and what to decode again (RS-084)."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from serve_app.core.audio.endpointing import ENTER, FRAME, PAD
from serve_app.engines import SAMPLE_RATE, Word

FRAME_S = FRAME / SAMPLE_RATE
GAP_S = 1.0
"""A reader's pause inside a text is shorter as a rule; only a longer one is searched for voice."""
VOICED_S = 0.25
"""Voice without a word: a short syllable, and more than the times of the words beside it may err."""
SILENCE_S = 2.0
"""Silences this long part the pieces (VP-001), and a word alone in its piece is decoded without context."""
WINDOW_S = 6.0
"""Short enough that no recogniser drops its end, long enough for a clause."""
OVERLAP_S = 2.0
"""Each word is a second away from the border of one of its windows at least."""
SAME_S = 0.3
"""Two windows time one word alike within this; equal words in a row are further apart, save the shortest."""

Span = tuple[float, float]
"""(start, end) in seconds."""


def found(spoken: Sequence[Hashable], reference: Sequence[Hashable]) -> int:
    """How many tokens of a reference were said, in order: the longest common subsequence.

    Bit-parallel, after Hyyrö (2004): 1,500 spoken tokens take a millisecond.
    """
    places: dict[Hashable, int] = {}
    for index, token in enumerate(reference):
        places[token] = places.get(token, 0) | 1 << index
    full = (1 << len(reference)) - 1
    row = full
    for token in spoken:
        matches = row & places.get(token, 0)
        row = ((row + matches) | (row - matches)) & full
    return len(reference) - row.bit_count()


def has_gaps(words: Sequence[Word], regions: Sequence[Span], probabilities: NDArray[np.float64]) -> bool:
    """Whether a copy with short silences is worth a decode: voice goes on for long without a word, or regions
    are far apart. One region alone holds no silence that could be shortened."""
    if len(regions) < 2:
        return False
    if any(after[0] - before[1] >= SILENCE_S for before, after in pairwise(regions)):
        return True
    edges = [0.0, *(edge for word in words for edge in (word.start, word.end)), len(probabilities) * FRAME_S]
    gaps = zip(edges[::2], edges[1::2], strict=True)
    return any(end - start > GAP_S and _voiced(probabilities, start, end) >= VOICED_S for start, end in gaps)


def kept_frames(regions: Sequence[Span], count: int) -> NDArray[np.intp]:
    """Which of `count` frames a copy holds whose silences last 0.6 s at most; ascending, shape (kept,)."""
    kept = np.zeros(count, bool)
    pad = PAD / SAMPLE_RATE
    for start, end in regions:
        kept[max(0, int((start - pad) / FRAME_S)) : int(np.ceil((end + pad) / FRAME_S))] = True
    return np.flatnonzero(kept)


def placed(word: Word, kept: NDArray[np.intp]) -> Word:
    """A word of the copy at its time in the recording. It moves as a whole, with its middle."""
    frame = min(int((word.start + word.end) / 2 / FRAME_S), len(kept) - 1)
    moved = (int(kept[frame]) - frame) * FRAME_S
    return replace(word, start=round(word.start + moved, 3), end=round(word.end + moved, 3))


def truncated(spoken: str, expected: str) -> bool:
    """Whether a transcript is a strict slice of the expected text: its start, its end or both are cut off.

    Neither holds white space.
    """
    return bool(spoken) and spoken != expected and spoken in expected


def windows(regions: Sequence[Span]) -> Iterator[Span]:
    """Short overlapping windows over all voice; the first begins before it, the last ends after it."""
    start, end = regions[0][0] - OVERLAP_S / 2, regions[-1][1] + OVERLAP_S / 2
    hop = WINDOW_S - OVERLAP_S
    for index in range(max(1, int(np.ceil((end - start - OVERLAP_S) / hop)))):
        first = start + index * hop
        if any(region[0] < first + WINDOW_S and region[1] > first for region in regions):
            yield first, first + WINDOW_S


def merged(before: Sequence[Word], after: Sequence[Word], overlap: Span) -> list[Word]:
    """The words of two windows that overlap: they meet at a word that both heard, nearest the middle of the
    overlap, else at that middle."""
    middle = sum(overlap) / 2
    same = [
        (abs(_middle(left) - middle), abs(_middle(left) - _middle(right)), i, j)
        for i, left in enumerate(before)
        if left.end > overlap[0]
        for j, right in enumerate(after)
        if left.text == right.text and abs(_middle(left) - _middle(right)) <= SAME_S
    ]
    if same:
        *_, i, j = min(same)
        return [*before[: i + 1], *after[j + 1 :]]
    first = [word for word in before if _middle(word) < middle]
    said_until = max(middle, first[-1].end if first else 0.0)
    return [*first, *(word for word in after if _middle(word) >= said_until)]


def _voiced(probabilities: NDArray[np.float64], start: float, end: float) -> float:
    """Seconds of voice in a gap."""
    inside = probabilities[int(np.ceil(start / FRAME_S)) : int(end / FRAME_S)]
    return int((inside >= ENTER).sum()) * FRAME_S


def _middle(word: Word) -> float:
    return (word.start + word.end) / 2
