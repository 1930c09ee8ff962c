"""The text of the language model and the sentences that it is judged by stay apart."""

from __future__ import annotations

from training.thai_speech.everyday_text import HELD_OUT, SENTENCES, SHARED, everyday_sentences
from training.thai_speech.segment import Segmenter, lexicon_segmenter


def test_everyday_sentences_are_unlike_held_out_ones() -> None:
    """ASR-045: none shares three words in a row with a held-out sentence; few are lost to that."""
    segmenter = lexicon_segmenter()

    def runs(words: list[int | None]) -> set[tuple[int | None, ...]]:
        return {tuple(words[first : first + SHARED]) for first in range(len(words) - SHARED + 1)}

    held_out = [line for path in HELD_OUT for line in path.read_text(encoding="utf-8").split()]
    forbidden = {run for line in held_out for run in runs(segmenter.words(line))}
    kept = list(everyday_sentences(segmenter))
    assert all(forbidden.isdisjoint(runs(list(words))) for words in kept)
    assert len(kept) > 0.95 * len(SENTENCES.read_text(encoding="utf-8").split())


def test_a_segmenter_prefers_likely_words() -> None:
    """ASR-045: the most likely words together cover the text; a letter of no word stands alone."""
    segmenter = Segmenter({"ตา": -2.0, "กลม": -3.0, "ตาก": -4.0, "ลม": -4.0})
    assert segmenter.words("ตากลม") == [0, 1]
    assert segmenter.words("ตาxลม") == [0, None, 3]
