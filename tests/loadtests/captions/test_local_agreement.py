"""Agreement counted in decodes, as the paper has it: what ours is compared with (ASR-044)."""

from __future__ import annotations

import pytest

from loadtests.captions.local_agreement import LocalAgreement
from serve_app.engines import Word


def heard(*texts: str, start: float = 0.0) -> list[Word]:
    """Words of 0.4 s, one after the other."""
    return [
        Word(text, start + 0.4 * index, start + 0.4 * (index + 1), 0.9) for index, text in enumerate(texts)
    ]


def texts(words: list[Word]) -> list[str]:
    return [word.text for word in words]


@pytest.mark.parametrize("n", [2, 3])
def test_what_n_hypotheses_in_a_row_begin_with_is_committed(n: int) -> None:
    """ASR-044: not one hypothesis earlier, however much audio lies between them."""
    agreement = LocalAgreement(n)
    for turn in range(n):
        assert agreement.committed == []
        agreement.accept(heard("แมว", "กิน", f"คำ{turn}"))
    assert texts(agreement.committed) == ["แมว", "กิน"]
    assert texts(agreement.tail) == [f"คำ{n - 1}"]


def test_one_hypothesis_that_differs_starts_the_count_anew() -> None:
    """ASR-044: in a row."""
    agreement = LocalAgreement(3)
    for said in ("แมว", "แมว", "หมา", "แมว", "แมว"):
        agreement.accept(heard(said))
    assert agreement.committed == []
    agreement.accept(heard("แมว"))
    assert texts(agreement.committed) == ["แมว"]


def test_half_a_word_heard_twice_is_committed() -> None:
    """ASR-044: why we count audio and not decodes."""
    agreement = LocalAgreement(2)
    for _ in range(2):
        agreement.accept(heard("โรง"))
    agreement.accept(heard("โรงเรียน"))
    assert texts(agreement.committed) == ["โรง"]


def test_committed_words_are_known_by_their_time() -> None:
    """ASR-044: a window overlaps what is committed."""
    agreement = LocalAgreement(2)
    for _ in range(2):
        agreement.accept(heard("แมว", "กิน"))
    agreement.accept(heard("แมว", "กิน", "ปลา"))
    assert texts(agreement.tail) == ["ปลา"]


def test_a_repetition_at_the_seam_is_known_by_its_text() -> None:
    """ASR-044: heard late, not said twice; further on it was said again."""
    agreement = LocalAgreement(2)
    for _ in range(2):
        agreement.accept(heard("แมว", "กิน"))
    agreement.accept(heard("แมว", "กิน", "ปลา", start=0.75))
    assert texts(agreement.tail) == ["ปลา"]
    agreement.accept(heard("กิน", start=2.0))
    assert texts(agreement.tail) == ["กิน"]


def test_a_pause_commits_what_was_heard() -> None:
    """ASR-044: as ours does, so that pauses favour neither."""
    agreement = LocalAgreement(3)
    agreement.accept(heard("แมว"))
    agreement.settle(3.0)
    assert texts(agreement.committed) == ["แมว"]
    assert agreement.time == 3.0
    assert agreement.tail == []
