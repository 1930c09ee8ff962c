"""Word by word alignment: RS-050..056."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve_app.core.reading.word_alignment import SCALE, Pair, Status, align, mispronounced, similarity
from serve_app.core.text.edit_distance import Words, edit_distance

Outcome = tuple[int, int, Fraction, int]
words = st.lists(st.sampled_from(["a", "b", "ab", "abc", "cab"]), max_size=5)
texts = st.text("กขคab", max_size=9)


def levenshtein(one: Sequence[str], other: Sequence[str]) -> int:
    """The textbook recurrence (Wagner and Fischer 1974)."""
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, start=1):
        corner, row[0] = row[0], i
        for j, right in enumerate(other, start=1):
            corner, row[j] = row[j], min(corner + (left != right), row[j] + 1, row[j - 1] + 1)
    return row[-1]


def outcome(reference: Sequence[str], spoken: Sequence[str], paired: Sequence[tuple[int, int]]) -> Outcome:
    """What RS-054 compares of an alignment, least is best: distance, equal pairs, similarity, places of equal
    words."""
    same = [j for i, j in paired if reference[i] == spoken[j]]
    unlike = [(reference[i], spoken[j]) for i, j in paired if reference[i] != spoken[j]]
    longest = [max(map(len, pair)) for pair in unlike]
    alike = sum(
        (1 - Fraction(levenshtein(*pair), size) for pair, size in zip(unlike, longest, strict=True)),
        Fraction(),
    )
    return len(reference) + len(spoken) - 2 * len(same) - len(unlike), -len(same), -alike, sum(same)


def every_pairing(reference: int, spoken: int) -> Iterator[list[tuple[int, int]]]:
    """All sets of pairs in rising order, of the first words so many."""
    if not reference or not spoken:
        yield []
        return
    yield from every_pairing(reference - 1, spoken)
    for last in range(spoken):
        yield from ([*before, (reference - 1, last)] for before in every_pairing(reference - 1, last))


def paired(pairs: Sequence[Pair]) -> list[tuple[int, int]]:
    return [(p.reference, p.spoken) for p in pairs if p.reference is not None and p.spoken is not None]


def said(reference: str, spoken: str) -> list[tuple[int | None, int | None, str]]:
    return [(pair.reference, pair.spoken, pair.status) for pair in align(reference.split(), spoken.split())]


def test_the_alignment_with_most_equal_words_wins() -> None:
    """GT-05, RS-054: a plain back-trace reports three correct words here."""
    reference = ["สวัสดี", "ครับ", "วันนี้", "เรา", "จะ", "เรียน", "ภาษาไทย"]
    pairs = align(reference, ["สวัสดี", "ครับ", "วันนี้", "เรียน", "ภาษา", "ใจ"])
    assert [pair.status for pair in pairs] == [
        *["correct"] * 3,
        *["missing"] * 2,
        "correct",
        "substitution",
        "extra",
    ]
    assert pairs[6:] == [Pair(6, 4, Status.SUBSTITUTION), Pair(None, 5, Status.EXTRA)]


def test_the_second_of_two_equal_words_is_the_extra() -> None:
    """GT-07, RS-054."""
    assert said("i like stripes", "i like stripes stripes")[2:] == [(2, 2, "correct"), (None, 3, "extra")]
    assert said("i like stripes", "i like tripe stripes")[2:] == [(None, 2, "extra"), (2, 3, "correct")]
    assert said("x a y", "a a")[:2] == [(0, None, "missing"), (1, 0, "correct")]
    assert said("a a", "a") == [(0, 0, "correct"), (1, None, "missing")]


def test_of_substitutions_the_more_alike_is_made() -> None:
    """RS-054: ใจ alone for ภาษาไทย would be as short a way."""
    assert said("ภาษาไทย", "อืม ภาษาใจ") == [(None, 0, "extra"), (0, 1, "substitution")]


def test_extras_stand_where_they_were_said() -> None:
    """RS-050, RS-051, RS-053."""
    assert said("a b", "x a y b z") == [
        (None, 0, "extra"),
        (0, 1, "correct"),
        (None, 2, "extra"),
        (1, 3, "correct"),
        (None, 4, "extra"),
    ]
    assert said("a", "") == [(0, None, "missing")]
    assert said("", "a") == [(None, 0, "extra")]


@given(words, words)
def test_nothing_is_better_than_the_alignment(reference: list[str], spoken: list[str]) -> None:
    """RS-054: against every possible alignment."""
    best = min(outcome(reference, spoken, pairing) for pairing in every_pairing(len(reference), len(spoken)))
    assert outcome(reference, spoken, paired(align(reference, spoken))) == best


@given(words, words)
def test_every_token_is_counted_once(reference: list[str], spoken: list[str]) -> None:
    """RS-051, RS-052, RS-053, RS-056."""
    pairs = align(reference, spoken)
    counts = Counter(pair.status for pair in pairs)
    shared = counts[Status.CORRECT] + counts[Status.SUBSTITUTION]
    assert [p.reference for p in pairs if p.reference is not None] == list(range(len(reference)))
    assert [p.spoken for p in pairs if p.spoken is not None] == list(range(len(spoken)))
    assert shared + counts[Status.MISSING] == len(reference)
    assert shared + counts[Status.EXTRA] == len(spoken)
    assert len(pairs) - counts[Status.CORRECT] == levenshtein(reference, spoken)


@given(texts, texts)
def test_the_distance_of_two_words(one: str, other: str) -> None:
    """RS-054: the bit-parallel distance is the textbook's."""
    assert edit_distance(one, other) == levenshtein(one, other)


@given(st.lists(texts, max_size=6), texts)
def test_the_distances_of_many_words(words: list[str], other: str) -> None:
    """RS-054: side by side in one integer they do not disturb each other."""
    assert Words(words).distances(other).tolist() == [levenshtein(word, other) for word in words]


@given(texts, texts)
def test_a_word_said_badly_is_more_than_half_the_word(one: str, other: str) -> None:
    """RS-074."""
    shortest, longest = sorted((len(one), len(other)))
    assert mispronounced(one, other) == (2 * shortest > longest > 2 * levenshtein(one, other))


@pytest.mark.parametrize(
    ("one", "other", "share"), [("ab", "ab", 1), ("ภาษาไทย", "ภาษาใจ", Fraction(4, 7)), ("a", "b", 0)]
)
def test_similarity_is_exact(one: str, other: str, share: Fraction) -> None:
    """RS-054: thirds and sevenths too, so that ties are ties."""
    assert similarity(one, other) == share * SCALE
