"""Words from tokens, without a model."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from deployments.asr.typhoon.thai_words import FRAME_SECONDS, Token, spoken, words_of

MARKS = ("<unk>", "<pad>", "<blank>")
PIECES = (*MARKS, "▁", "▁สวัสดี", "สวัส", "ดีครับ", "▁วัน", "นี้เรา", "เรียน", "ไทย", "▁hel", "lo", "ก", "า", "้")
TEXTS = [spoken(piece) for piece in PIECES]


def test_confidence_is_the_geometric_mean() -> None:
    """ASR-045: a word is as sure as its tokens are on average; a straddling token counts for both words."""
    found = words_of([Token(5, 0, math.log(0.9)), Token(6, 2, math.log(0.4))], TEXTS, duration=1.0)
    assert [(word.text, word.confidence) for word in found] == [("สวัสดี", 0.6), ("ครับ", 0.4)]


def test_marks_are_not_words() -> None:
    """ASR-045: pieces that are nobody's speech leave no text."""
    tokens = [Token(index, index, 0.0) for index in (0, 1, 2, 3, 10)]
    assert [(w.text, w.start, w.end) for w in words_of(tokens, TEXTS, 0.85)] == [("ไทย", 0.8, 0.85)]


@given(
    st.lists(st.tuples(st.integers(0, len(PIECES) - 1), st.integers(0, 2), st.floats(-9, 0)), max_size=24),
    st.floats(0.08, 4),
)
def test_words_are_in_order_and_lose_nothing(emitted: list[tuple[int, int, float]], duration: float) -> None:
    """ASR-048: words never overlap, stay inside the audio, and together are the text."""
    frames = np.cumsum([step for _, step, _ in emitted]).tolist()
    tokens = [Token(id_, frame, logprob) for (id_, _, logprob), frame in zip(emitted, frames, strict=True)]
    found = words_of(tokens, TEXTS, duration)
    assert "".join(w.text for w in found) == "".join(TEXTS[t.id] for t in tokens).replace(" ", "")
    assert all(0 <= w.start <= w.end <= duration + 0.001 and 0 <= w.confidence <= 1 for w in found)
    assert all(left.end <= right.start for left, right in pairwise(found))
    assert all(w.start <= (frames[-1] + 1) * FRAME_SECONDS for w in found)
